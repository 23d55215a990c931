/** Every benchmark with what is promised about it: for two cores. */
import type { Bench, Target } from "./figure.ts";
import { listen } from "./listen.ts";
import { runInOwnProcess } from "./own-process.ts";
import { spine } from "./spine.ts";

const load = "100 changes/s for 30 s";

export const benches: readonly Bench[] = [
  listen,
  spine({
    name: "spine-1k",
    interfaces: 1_000,
    sustained: false,
    targets: { "process start → first answer": { atMost: 500 }, "change → full state, p50": { atMost: 12 } },
  }),
  spine({
    name: "spine-10k",
    interfaces: 10_000,
    sustained: true,
    targets: {
      "process start → first answer": { atMost: 2_000 },
      "resident, settled": { atMost: 240 },
      "resident, peak": { atMost: 240 },
      "change → full state, p50": { atMost: 60 },
      [`${load}: lag p99`]: { atMost: 1_000 },
      [`${load}: CPU`]: { atMost: 0.4 },
      [`${load}: event loop blocked, max`]: { atMost: 20 },
      [`${load}: lost`]: { atMost: 0 },
      [`${load}: pushes in 5 s of idleness`]: { atMost: 0 },
      [`${load}: resident, peak`]: { atMost: 240 },
    },
  }),
  module("full-push", {
    "full push: CPU of encoding anew / of a push": { atLeast: 10 },
    "full push: time / time of a plain buffer": { atMost: 1.1 },
  }),
  module("soak", {
    "soak: heap at the end / after the first tenth": { atMost: 1.05 },
    "soak: heap and buffers at the end / after the first tenth": { atMost: 1.05 },
  }),
  module("snapshot", {}),
];

function module(name: string, targets: Readonly<Record<string, Target>>): Bench {
  return { name, targets, run: () => runInOwnProcess(new URL(`./${name}.ts`, import.meta.url)) };
}
