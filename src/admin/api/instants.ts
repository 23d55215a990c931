/** Epoch milliseconds as the API's instants. */
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";

/** Undefined for 0: it never happened. Fractions of a millisecond are dropped. */
export function instant(epochMs: number | undefined): Timestamp | undefined {
  return epochMs ? timestampFromMs(Math.floor(epochMs)) : undefined;
}
