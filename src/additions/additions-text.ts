/**
 * Additions as they lie in a file: a first line for programs and people, then JSON.
 *
 *     tributary-additions 1 89abcdef⏎
 *     {"registries":[…],"clusters":[…]}
 *
 * Magic word, format version, and the CRC-32 of everything behind the line. The line holds for every version to come.
 */
import { crc32 } from "node:zlib";
import { type Addition, type Additions, mostAdditions } from "./addition.ts";

const magic = "tributary-additions";
const formatVersion = 1;

export type AdditionsReading =
  | { readonly is: "read"; readonly additions: Additions }
  /** It is not for us to touch. */
  | { readonly is: "newer"; readonly version: number }
  | { readonly is: "unusable"; readonly why: string };

export function encodeAdditions(additions: Additions): Buffer {
  const body = `${JSON.stringify(additions)}\n`;
  return Buffer.from(`${magic} ${formatVersion} ${checksum(body)}\n${body}`);
}

/** Never throws. */
export function decodeAdditions(bytes: Buffer): AdditionsReading {
  const text = bytes.toString("utf8");
  const end = text.indexOf("\n");
  const [, version, sum] = /^tributary-additions (\d{1,9}) ([0-9a-f]{8})$/.exec(text.slice(0, Math.max(end, 0))) ?? [];
  if (version === undefined) return { is: "unusable", why: "it holds no additions of Tributary" };
  if (Number(version) > formatVersion) return { is: "newer", version: Number(version) };
  const body = text.slice(end + 1);
  if (sum !== checksum(body)) return { is: "unusable", why: "it is damaged" };
  const additions = additionsOf(body);
  return additions === undefined ? { is: "unusable", why: "it is not made of additions" } : { is: "read", additions };
}

function additionsOf(body: string): Additions | undefined {
  let value: Partial<Additions> | null;
  try {
    value = JSON.parse(body) as Partial<Additions> | null;
  } catch {
    return undefined;
  }
  const { registries, clusters, defaultCluster } = value ?? {};
  if (!isList(registries) || !isList(clusters)) return undefined;
  if (defaultCluster !== undefined && typeof defaultCluster !== "string") return undefined;
  return { registries, clusters, ...(defaultCluster !== undefined && { defaultCluster }) };
}

function isList(value: unknown): value is readonly Addition[] {
  return Array.isArray(value) && value.length <= mostAdditions && value.every(isAddition);
}

function isAddition(value: unknown): value is Addition {
  if (typeof value !== "object" || value === null) return false;
  const { id, written, kubeconfig, by, at } = value as Partial<Record<keyof Addition, unknown>>;
  const isWritten = typeof written === "object" && written !== null;
  return (
    typeof id === "string" &&
    isWritten &&
    ["string", "undefined"].includes(typeof kubeconfig) &&
    typeof by === "string" &&
    Number.isFinite(at)
  );
}

function checksum(body: string): string {
  return crc32(Buffer.from(body)).toString(16).padStart(8, "0");
}
