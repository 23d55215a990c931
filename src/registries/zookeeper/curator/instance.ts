/**
 * What the content of an instance node says, as Apache Curator's service discovery writes it: from Java, where Spring
 * Cloud and Dubbo put a payload of their own into it, and from dubbo-go, which leaves half of the fields out.
 */
import type { ProblemCode } from "../../../errors/problem-codes.ts";
import { readAddress } from "../../address.ts";
import { readMetadata } from "../../spring-metadata.ts";

export interface CuratorInstance {
  /** The service's name as written; empty if absent. The folder it lies in is the one that counts. */
  readonly name: string;
  /** As written; empty if absent. */
  readonly id: string;
  /** IPv4, IPv6 without brackets and scope id, or a host name. */
  readonly address: string;
  /** 1 … 65535; undefined if absent, null or 0. */
  readonly port: number | undefined;
  readonly sslPort: number | undefined;
  /** The Java class of the payload: tells who wrote it. */
  readonly payloadClass: string | undefined;
  /** The payload's metadata. */
  readonly metadata: Readonly<Record<string, string>>;
  /** False only where the node says so. */
  readonly enabled: boolean;
  /** The node outlives its writer's session. */
  readonly persistent: boolean;
  /** Epoch ms; 0 if absent. */
  readonly registrationTime: number;
}

/** Why a node is no instance: with a problem's code and words, or (`undefined`) because it does not claim to be one: a folder. */
export interface NoInstance {
  readonly problem: { readonly code: ProblemCode; readonly message: string } | undefined;
}

/** Bounds for what others write. Real instances take less than 1 KB. */
const maxBytes = 64 * 1024;
const maxText = 1_024;

const openingBrace = 0x7b;

/** Never throws. Folders have no content, or a text such as the address of who made them. */
export function parseInstance(content: Buffer): CuratorInstance | NoInstance {
  if (content[0] !== openingBrace) return { problem: undefined };
  if (content.length > maxBytes) return bad("bad-instance", `content of ${content.length} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(content.toString("utf8"));
  } catch (error) {
    return bad("bad-instance", `content that is no JSON: ${(error as SyntaxError).message}`);
  }
  return read(value as Record<string, unknown>);
}

export function isInstance(parsed: CuratorInstance | NoInstance): parsed is CuratorInstance {
  return "address" in parsed;
}

function read(node: Record<string, unknown>): CuratorInstance | NoInstance {
  const address = typeof node.address === "string" ? readAddress(node.address) : undefined;
  if (address === undefined) return bad("bad-address", `${quote(node.address)} is no address that others can reach`);
  const port = readPort(node.port);
  const sslPort = readPort(node.sslPort);
  if (port === "bad") return bad("bad-port", `port ${quote(node.port)} is not within 1 … 65535`);
  if (sslPort === "bad") return bad("bad-port", `sslPort ${quote(node.sslPort)} is not within 1 … 65535`);
  const payload = isObject(node.payload) ? node.payload : {};
  return {
    name: text(node.name) ?? "",
    id: text(node.id) ?? "",
    address,
    port,
    sslPort,
    payloadClass: text(payload["@class"]),
    metadata: isObject(payload.metadata) ? readMetadata(payload.metadata) : {},
    enabled: node.enabled !== false,
    persistent: node.serviceType === "PERMANENT" || node.serviceType === "STATIC",
    registrationTime: typeof node.registrationTimeUTC === "number" ? node.registrationTimeUTC : 0,
  };
}

function readPort(value: unknown): number | "bad" | undefined {
  if (value === undefined || value === null || value === 0) return undefined;
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65_535 ? value : "bad";
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.length <= maxText ? value : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function bad(code: ProblemCode, message: string): NoInstance {
  return { problem: { code, message } };
}

function quote(value: unknown): string {
  return String(JSON.stringify(value)).slice(0, 120);
}
