/** Reads the body of a watch: one JSON event per line. */
import { ApiFailure, failureOfStatusObject } from "../connection/api-failure.ts";
import { isObject, type KubeObject } from "./kube-object.ts";

export type WatchEvent =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: KubeObject }
  /** Everything up to this version was told. */
  | { readonly type: "BOOKMARK"; readonly version: string };

/** An object has at most 1.5 MiB in etcd; bytes. */
const longestLine = 8 * 1024 * 1024;
const lineFeed = 0x0a;

/** @throws ApiFailure, also the one that an `ERROR` event tells of */
export async function* watchEvents(body: AsyncIterable<Buffer>): AsyncGenerator<WatchEvent, void> {
  let rest: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, from)) {
      const line = rest.length === 0 ? chunk.subarray(from, end) : Buffer.concat([...rest, chunk.subarray(from, end)]);
      rest = [];
      length = 0;
      from = end + 1;
      const event = readEvent(line.toString("utf8"));
      if (event) yield event;
    }
    if (from === chunk.length) continue;
    rest.push(from === 0 ? chunk : chunk.subarray(from));
    length += chunk.length - from;
    if (length > longestLine) throw new ApiFailure("garbage", `an event of more than ${longestLine} bytes`);
  }
}

function readEvent(line: string): WatchEvent | undefined {
  if (line.trim() === "") return undefined;
  let event: { type?: unknown; object?: unknown };
  try {
    event = JSON.parse(line) as typeof event;
  } catch (error) {
    throw new ApiFailure("garbage", `an event that is no JSON: ${(error as SyntaxError).message}`);
  }
  const { type, object } = event ?? {};
  if (type === "ERROR") throw failureOfStatusObject(object);
  if (type === "BOOKMARK") {
    const version = (object as { metadata?: { resourceVersion?: unknown } } | null)?.metadata?.resourceVersion;
    return typeof version === "string" ? { type, version } : undefined;
  }
  if ((type === "ADDED" || type === "MODIFIED" || type === "DELETED") && isObject(object)) return { type, object };
  throw new ApiFailure("garbage", "an event that no watch has");
}
