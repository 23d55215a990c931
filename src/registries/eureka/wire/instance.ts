/**
 * One instance as a server tells it. The JSON comes from XStream or from Jackson, by way of XML's ideas: flags are
 * texts, an empty map tells its Java class, and numbers may be texts.
 */
import { readAddress } from "../../address.ts";
import type { Port } from "../../service.ts";
import { type Metadata, readMetadata } from "../../spring-metadata.ts";
import { readStatus, type Status } from "./status.ts";

export interface EurekaInstance {
  /** Upper-case, as Eureka compares them. */
  readonly app: string;
  /** Unique within its application. */
  readonly id: string;
  readonly status: Status;
  /** What a delta says that happened to it; in a full copy without meaning. */
  readonly action: "ADDED" | "MODIFIED" | "DELETED";
  /** Epoch ms of the last change of its registration or status; 0 if absent. */
  readonly updatedAt: number;
  readonly lease: Lease | undefined;
  /** IPv4, IPv6 without brackets, or a host name; undefined: nobody can reach it. */
  readonly address: string | undefined;
  /** Those that are enabled; none: it cannot be served. */
  readonly ports: readonly Port[];
  readonly metadata: Metadata;
  /** AWS only: `us-east-1c`. */
  readonly availabilityZone: string | undefined;
}

export interface Lease {
  /** Epoch ms, of the server's clock. */
  readonly renewedAt: number;
  /** ms without renewal until it may be evicted. */
  readonly duration: number;
}

/** Bounds for what others write. */
const maxText = 1_024;

/** Never throws. @param app the application's name as written; `value` is untrusted */
export function readInstance(app: string, value: Readonly<Record<string, unknown>>): EurekaInstance {
  const dataCenter = readObject(value.dataCenterInfo);
  const amazon = dataCenter.name === "Amazon" ? readObject(dataCenter.metadata) : {};
  const metadata = readObject(value.metadata);
  const { "@class": _, ...entries } = metadata;
  return {
    app: app.toUpperCase(),
    id: readText(value.instanceId) || readText(amazon["instance-id"]) || readText(value.hostName) || "",
    status: readStatus(value.status),
    action: value.actionType === "DELETED" || value.actionType === "MODIFIED" ? value.actionType : "ADDED",
    updatedAt: readNumber(value.lastUpdatedTimestamp),
    lease: readLease(readObject(value.leaseInfo)),
    address: readAddress(readText(value.ipAddr)) ?? readAddress(readText(value.hostName)),
    ports: [...readPort(value.port, "http", true), ...readPort(value.securePort, "https", false)],
    metadata: readMetadata(entries),
    availabilityZone: readText(amazon["availability-zone"]) || undefined,
  };
}

/** None if it is disabled, or no port at all. */
function readPort(value: unknown, protocol: string, enabledByDefault: boolean): Port[] {
  const written = readObject(value);
  // A text: "false" would count as true.
  const enabled = written["@enabled"] ?? enabledByDefault;
  const number = readNumber("$" in written ? written.$ : value);
  if ((enabled !== "true" && enabled !== true) || !Number.isInteger(number) || number < 1 || number > 65_535) return [];
  return [{ number, protocol }];
}

function readLease({ lastRenewalTimestamp, durationInSecs }: Readonly<Record<string, unknown>>): Lease | undefined {
  const [renewedAt, duration] = [readNumber(lastRenewalTimestamp), readNumber(durationInSecs) * 1_000];
  return renewedAt > 0 && duration > 0 ? { renewedAt, duration } : undefined;
}

function readText(value: unknown): string {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text.length <= maxText ? text.trim() : "";
}

/** 0 for what is none. */
function readNumber(value: unknown): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : 0;
}

function readObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
