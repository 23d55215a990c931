/**
 * The messages of SOFARegistry 5 as Hessian objects; servers of version 6 understand them, too. Loaded only where it is
 * spoken: the library is large.
 */
import { codecs, type Message } from "../bolt/frame.ts";
import { decodeObject, encodeObject } from "./hessian.ts";
import type { Push, SessionCodec } from "./session-codec.ts";

const prefix = "com.alipay.sofa.registry.core.model.";
const receivedData = `${prefix}ReceivedData`;
const text = "java.lang.String";

/** In the order in which the Java classes declare their fields. */
const baseRegister = {
  instanceId: { type: text },
  zone: { type: text },
  appName: { type: text },
  dataId: { type: text },
  group: { type: text },
  processId: { type: text },
  registId: { type: text },
  clientId: { type: text },
  dataInfoId: { type: text },
  ip: { type: text },
  port: { type: "java.lang.Integer" },
  eventType: { type: text },
  version: { type: "java.lang.Long" },
  timestamp: { type: "java.lang.Long" },
  attributes: { type: "java.util.Map", generic: [{ type: text }, { type: text }] },
};

const classes = {
  [`${prefix}SubscriberRegister`]: { ...baseRegister, scope: { type: text } },
  [`${prefix}Result`]: { success: { type: "boolean" }, message: { type: text } },
};

export const hessianCodec: SessionCodec = {
  name: "hessian",
  acknowledgement: message("Result", { success: true, message: null }),

  subscribe: ({ id, registId, version, event }, { appName, zone, scope, attributes }) =>
    message("SubscriberRegister", {
      instanceId: id.instanceId,
      zone: zone || null,
      appName,
      dataId: id.dataId,
      group: id.group,
      registId,
      eventType: event,
      version,
      timestamp: Date.now(),
      attributes,
      scope,
    }),

  registerAnswer({ className, content }) {
    if (className !== `${prefix}RegisterResponse`) throw new Error(`the answer is a ${className || "nothing"}`);
    const { success, refused, message: words } = decodeObject(content);
    return { success: success === true, refused: refused === true, message: textOf(words) };
  },

  isPush: (className) => className === receivedData,

  push(_, content): Push {
    const { dataId, instanceId, group, subscriberRegistIds, segment, version, data } = decodeObject(content);
    return {
      id: { dataId: textOf(dataId), instanceId: textOf(instanceId), group: textOf(group) },
      registIds: listOf(subscriberRegistIds).map(textOf),
      segments: [{ name: textOf(segment), version: BigInt(version as number | string), zones: zonesOf(data) }],
    };
  },
};

function message(name: string, fields: Readonly<Record<string, unknown>>): Message {
  const className = prefix + name;
  return { codec: codecs.hessian, className, content: encodeObject(className, fields, classes) };
}

function zonesOf(data: unknown): Map<string, string[]> {
  const zones = new Map<string, string[]>();
  for (const [zone, boxes] of Object.entries(data ?? {})) zones.set(zone, listOf(boxes).map(boxText));
  return zones;
}

function boxText(box: unknown): string {
  return textOf((box as { data?: unknown } | null)?.data);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
