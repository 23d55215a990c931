/** The keys that every kind has which reads from API servers. */
import type * as z from "zod";
import { duration } from "../../../config/sections/values.ts";
import type { ClusterTimes } from "./cluster-times.ts";

const between = (least: number, most: number, words: string) =>
  duration.refine((ms) => ms >= least && ms <= most, { error: `expected a duration of ${words}` });

export const timesShape = {
  heartbeat: between(100, 300_000, "100ms to 5m")
    .prefault("5s")
    .describe(
      "How often every API server is asked whether it is there, and how long it may take to answer: what stands still is noticed within twice this time.",
    ),
  request: between(1_000, 600_000, "1s to 10m")
    .prefault("30s")
    .describe("Longest time for one answer of an API server, such as a page of a list."),
  watch: between(1_000, 3_600_000, "1s to 1h")
    .prefault("30s")
    .describe(
      "Length of one watch; the next one goes on at the same version. An API server that went back to an older state is noticed within this time.",
    ),
  relist: between(10_000, 7 * 86_400_000, "10s to 7d")
    .prefault("30m")
    .describe("Everything is read again this often (± 10 %), whatever the watches said."),
} as const;

/** Fails to compile if schema and reflectors disagree. */
const _times = (parsed: z.output<z.ZodObject<typeof timesShape>>): ClusterTimes => parsed;
void _times;
