/** An operator's word on one registry, as holds. It ends when it is taken back. */
import type { OperatorWord } from "../../config/schema.ts";
import type { Hold } from "./hold.ts";

/** @param before the same as it was: what goes on keeps its time */
export function operatorHolds(word: OperatorWord | undefined, before: readonly Hold[], now: number): readonly Hold[] {
  const hold = (why: "freeze" | "pause", detail: string | undefined): readonly Hold[] =>
    detail === undefined ? [] : [{ why, detail, since: before.find((one) => one.why === why)?.since ?? now }];
  return [...hold("freeze", word?.frozen), ...hold("pause", word?.paused)];
}
