/** A hold on one line: why, for how long, and until when. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Hold } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { age } from "./ages.ts";
import { durationText, oneLine } from "./columns.ts";

export function holdText({ why, detail, item, since, until }: Hold, now: number): string {
  const end = until === undefined ? "" : `, for ${durationText(Math.max(0, timestampMs(until) - now))} more`;
  const subject = item === "" ? "" : `${oneLine(item)}: `;
  return `${subject}${why}: ${oneLine(detail)} (since ${age(since, now)}${end})`;
}
