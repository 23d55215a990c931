/** How a fake session server reads and writes: the server's side of both forms of the messages. */
import { gzipSync, zstdCompressSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  MultiReceivedDataSchema,
  PublisherRegisterSchema,
  ReceivedDataBodySchema,
  ReceivedDataSchema,
  RegisterResponseSchema,
  SubscriberRegisterSchema,
} from "../../../src/gen/sofa/registry/session_pb.ts";
import { codecs, type Frame, type Message } from "../../../src/registries/sofa/bolt/frame.ts";
import { decodeObject, encodeObject } from "../../../src/registries/sofa/messages/hessian.ts";
import { protobufClass } from "../../../src/registries/sofa/messages/protobuf-codec.ts";

export interface Registered {
  readonly kind: "subscriber" | "publisher";
  readonly dataId: string;
  readonly group: string;
  readonly instanceId: string;
  readonly registId: string;
  readonly zone: string;
  readonly event: string;
  readonly version: number;
  readonly acceptEncoding: string;
  readonly acceptMulti: boolean;
  readonly data: readonly string[];
}

export interface Pushed {
  readonly dataId: string;
  readonly group: string;
  readonly instanceId: string;
  readonly registIds: readonly string[];
  readonly segment: string;
  readonly version: bigint;
  readonly zones: Readonly<Record<string, readonly string[]>>;
}

export interface Dialect {
  /** Undefined: the message is none of this dialect. */
  register(frame: Frame): Registered | undefined;
  answer(registered: Registered, success: boolean, refused: boolean, words: string): Message;
  push(pushed: Pushed, encoding: string): Message;
  /** Several data centers at a time. */
  multiPush?(pushed: readonly Pushed[], encoding: string): Message;
}

function boxes(zones: Pushed["zones"]) {
  return Object.fromEntries(Object.entries(zones).map(([zone, data]) => [zone, { data: data.map((text) => ({ data: text })) }]));
}

function compressed(zones: Pushed["zones"], encoding: string): Uint8Array {
  const body = toBinary(ReceivedDataBodySchema, create(ReceivedDataBodySchema, { data: boxes(zones) }));
  return encoding === "gzip" ? gzipSync(body) : zstdCompressSync(body);
}

export const protobuf: Dialect = {
  register({ className, content }) {
    const kind = className === protobufClass("SubscriberRegisterPb") ? "subscriber" : "publisher";
    if (kind === "publisher" && className !== protobufClass("PublisherRegisterPb")) return undefined;
    const message = kind === "subscriber" ? fromBinary(SubscriberRegisterSchema, content) : fromBinary(PublisherRegisterSchema, content);
    const base = message.baseRegister!;
    return {
      kind,
      dataId: base.dataId,
      group: base.group,
      instanceId: base.instanceId,
      registId: base.registId,
      zone: base.zone || "DEFAULT_ZONE",
      event: base.eventType,
      version: Number(base.version),
      acceptEncoding: "acceptEncoding" in message ? message.acceptEncoding : "",
      acceptMulti: "acceptMulti" in message && message.acceptMulti,
      data: "dataList" in message ? message.dataList.map(({ data }) => data) : [],
    };
  },

  answer: ({ registId }, success, refused, message) => ({
    codec: codecs.protobuf,
    className: protobufClass("RegisterResponsePb"),
    content: toBinary(RegisterResponseSchema, create(RegisterResponseSchema, { success, refused, registId, version: 1n, message })),
  }),

  // A real server says Hessian here, whatever the content is.
  push: ({ registIds, zones, ...rest }, encoding) => ({
    codec: codecs.hessian,
    className: protobufClass("ReceivedDataPb"),
    content: toBinary(
      ReceivedDataSchema,
      create(ReceivedDataSchema, {
        ...rest,
        scope: "global",
        subscriberRegistIds: [...registIds],
        ...(encoding === "" ? { data: boxes(zones) } : { encoding, body: compressed(zones, encoding) }),
      }),
    ),
  }),

  multiPush: (pushed, encoding) => {
    const { dataId, group, instanceId, registIds, segment } = pushed[0]!;
    const multiData = Object.fromEntries(
      pushed.map(({ segment, version, zones }) => [
        segment,
        { segment, version, ...(encoding === "" ? { unzipData: boxes(zones) } : { encoding, zipData: compressed(zones, encoding) }) },
      ]),
    );
    const message = { dataId, group, instanceId, scope: "global", subscriberRegistIds: [...registIds], localSegment: segment, multiData };
    return {
      codec: codecs.hessian,
      className: protobufClass("MultiReceivedDataPb"),
      content: toBinary(MultiReceivedDataSchema, create(MultiReceivedDataSchema, message)),
    };
  },
};

const hessianPrefix = "com.alipay.sofa.registry.core.model.";
const text = { type: "java.lang.String" };
const hessianClasses = {
  [`${hessianPrefix}RegisterResponse`]: {
    success: { type: "boolean" },
    registId: text,
    version: { type: "long" },
    refused: { type: "boolean" },
    message: text,
  },
  [`${hessianPrefix}DataBox`]: { data: text },
  [`${hessianPrefix}ReceivedData`]: {
    dataId: text,
    group: text,
    instanceId: text,
    segment: text,
    scope: text,
    subscriberRegistIds: { type: "java.util.List", generic: [text] },
    data: { type: "java.util.Map", generic: [text, { type: "java.util.List", generic: [{ type: `${hessianPrefix}DataBox` }] }] },
    version: { type: "java.lang.Long" },
    localZone: text,
  },
};

export const hessian: Dialect = {
  register({ className, content }) {
    if (className !== `${hessianPrefix}SubscriberRegister`) return undefined;
    const base = decodeObject(content);
    return {
      kind: "subscriber",
      dataId: String(base.dataId),
      group: String(base.group),
      instanceId: String(base.instanceId),
      registId: String(base.registId),
      zone: String(base.zone ?? "DEFAULT_ZONE"),
      event: String(base.eventType),
      version: Number(base.version),
      acceptEncoding: "",
      acceptMulti: false,
      data: [],
    };
  },

  answer: ({ registId }, success, refused, message) =>
    hessianMessage("RegisterResponse", { success, registId, version: 1, refused, message }),

  push: ({ registIds, zones, version, ...rest }) =>
    hessianMessage("ReceivedData", {
      ...rest,
      version: version.toString(),
      scope: "global",
      subscriberRegistIds: registIds,
      localZone: "DEFAULT_ZONE",
      data: Object.fromEntries(Object.entries(zones).map(([zone, data]) => [zone, data.map((each) => ({ data: each }))])),
    }),
};

function hessianMessage(name: string, fields: Readonly<Record<string, unknown>>): Message {
  const className = hessianPrefix + name;
  return { codec: codecs.hessian, className, content: encodeObject(className, fields, hessianClasses) };
}
