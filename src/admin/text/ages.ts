/** Instants of the API as ages. */
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { durationText } from "./columns.ts";

/** `12 s`; empty if there is no instant. */
export function age(instant: Timestamp | undefined, now: number): string {
  return instant === undefined ? "" : durationText(Math.max(0, now - timestampMs(instant)));
}

/** `12 s`: from now until then. */
export function until(instant: Timestamp | undefined, now: number): string {
  return instant === undefined ? "" : durationText(Math.max(0, timestampMs(instant) - now));
}

/** `12 s ago`, or `never`. */
export function ago(instant: Timestamp | undefined, now: number): string {
  return instant === undefined ? "never" : `${age(instant, now)} ago`;
}
