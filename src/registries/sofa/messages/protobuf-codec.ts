/** The messages of SOFARegistry 6 as protobuf. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type DataBoxes,
  MultiReceivedDataSchema,
  ReceivedDataBodySchema,
  ReceivedDataSchema,
  RegisterResponseSchema,
  ResultSchema,
  SubscriberRegisterSchema,
} from "../../../gen/sofa/registry/session_pb.ts";
import { codecs } from "../bolt/frame.ts";
import { acceptedEncodings, inflate } from "./inflate.ts";
import type { Push, Segment, SessionCodec } from "./session-codec.ts";

/** By the Java class, for whoever speaks the same. */
export function protobufClass(name: string): string {
  return `com.alipay.sofa.registry.common.model.client.pb.${name}`;
}

const receivedData = protobufClass("ReceivedDataPb");
const multiReceivedData = protobufClass("MultiReceivedDataPb");
const registerResponse = protobufClass("RegisterResponsePb");

export const protobufCodec: SessionCodec = {
  name: "protobuf",
  acknowledgement: {
    codec: codecs.protobuf,
    className: protobufClass("ResultPb"),
    content: toBinary(ResultSchema, create(ResultSchema, { success: true })),
  },

  subscribe({ id, registId, version, event }, { appName, zone, scope, acceptMulti, attributes }) {
    const baseRegister = {
      instanceId: id.instanceId,
      zone,
      appName,
      dataId: id.dataId,
      group: id.group,
      registId,
      eventType: event,
      version: BigInt(version),
      timestamp: BigInt(Date.now()),
      attributes: { ...attributes },
    };
    const register = create(SubscriberRegisterSchema, {
      scope,
      baseRegister,
      acceptEncoding: acceptedEncodings,
      acceptMulti: acceptMulti && scope === "global",
    });
    return {
      codec: codecs.protobuf,
      className: protobufClass("SubscriberRegisterPb"),
      content: toBinary(SubscriberRegisterSchema, register),
    };
  },

  registerAnswer({ className, content }) {
    if (className !== registerResponse) throw new Error(`the answer is a ${className || "nothing"}`);
    return fromBinary(RegisterResponseSchema, content);
  },

  isPush: (className) => className === receivedData || className === multiReceivedData,

  push: (className, content) => (className === multiReceivedData ? multiPush(content) : push(content)),
};

function push(content: Uint8Array): Push {
  const { dataId, instanceId, group, subscriberRegistIds, segment, version, data, encoding, body } = fromBinary(
    ReceivedDataSchema,
    content,
  );
  return {
    id: { dataId, instanceId, group },
    registIds: subscriberRegistIds,
    segments: [segmentOf(segment, version, data, encoding, body)],
  };
}

function multiPush(content: Uint8Array): Push {
  const { dataId, instanceId, group, subscriberRegistIds, multiData } = fromBinary(MultiReceivedDataSchema, content);
  return {
    id: { dataId, instanceId, group },
    registIds: subscriberRegistIds,
    segments: Object.entries(multiData).map(([name, { version, unzipData, encoding, zipData }]) =>
      segmentOf(name, version, unzipData, encoding, zipData),
    ),
  };
}

function segmentOf(
  name: string,
  version: bigint,
  plain: Readonly<Record<string, DataBoxes>>,
  encoding: string,
  compressed: Uint8Array,
): Segment {
  const data = encoding === "" ? plain : fromBinary(ReceivedDataBodySchema, inflate(compressed, encoding)).data;
  const zones = Object.entries(data).map(([zone, boxes]) => [zone, boxes.data.map((box) => box.data)] as const);
  return { name, version, zones: new Map(zones) };
}
