/**
 * The payload that dubbo-go writes into its pod's annotation: base64 of a JSON array of keys and values.
 * Keys are paths like those in ZooKeeper; values are empty, but for those that Tributary itself writes.
 */
import { decodeBase64, decodeUtf8 } from "./base64.ts";

export interface PodRecord {
  readonly k: string;
  readonly v: string;
}

/** The records in the order in which they were written, or in words why there are none to be had. Never throws. */
export function parseRecords(payload: string): readonly PodRecord[] | string {
  const bytes = decodeBase64(payload);
  if (bytes === undefined) return "it is not base64";
  const text = decodeUtf8(bytes);
  if (text === undefined) return "its bytes are not UTF-8";
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch {
    return "its text is not JSON";
  }
  if (!Array.isArray(written)) return "its JSON is not an array";
  const wrong = written.findIndex((entry) => !isRecord(entry));
  return wrong < 0 ? (written as PodRecord[]) : `entry ${wrong} has no texts k and v`;
}

/** In the alphabet that dubbo-go reads: `-_`, padded. */
export function recordsPayload(records: readonly PodRecord[]): string {
  const bytes = Buffer.from(JSON.stringify(records.map(({ k, v }) => ({ k, v }))));
  return bytes.toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

function isRecord(entry: unknown): entry is PodRecord {
  const { k, v } = (entry ?? {}) as { k?: unknown; v?: unknown };
  return typeof k === "string" && typeof v === "string";
}
