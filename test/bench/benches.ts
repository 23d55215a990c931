/** Every benchmark with what is promised about it: for two cores. */
import { badNeighbours } from "./bad-neighbours.ts";
import { delta } from "./delta.ts";
import { deltaClients } from "./delta-clients.ts";
import { deltaEvent } from "./delta-event.ts";
import { eureka } from "./eureka.ts";
import type { Bench, Target } from "./figure.ts";
import { fullUnpaced } from "./full-unpaced.ts";
import { kubernetes } from "./kubernetes.ts";
import { lastKnownGood } from "./last-known-good.ts";
import { listen } from "./listen.ts";
import { loadName, nameOf } from "./load/sustained-load.ts";
import { manyClusters } from "./many-clusters.ts";
import { runInOwnProcess } from "./measuring/own-process.ts";
import { nacosBench } from "./nacos.ts";
import { podAnnotation } from "./pod-annotation.ts";
import { shards } from "./shards.ts";
import { sofa } from "./sofa.ts";
import { spine } from "./spine.ts";
import { spineTls } from "./spine-tls.ts";
import { zookeeperFlood } from "./zookeeper-flood.ts";

/** Of the changes that a large registry has to bear. */
const flood = { perSecond: 1_000, seconds: 60, warmUp: 5 };

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
      "change → full state, p50": { atMost: 60 },
      [`${loadName}: lag p99`]: { atMost: 1_000 },
      [`${loadName}: CPU`]: { atMost: 0.4 },
      [`${loadName}: event loop blocked, max`]: { atMost: 20 },
      [`${loadName}: lost`]: { atMost: 0 },
      [`${loadName}: pushes in 5 s of idleness`]: { atMost: 0 },
    },
  }),
  spineTls({
    name: "spine-10k-tls",
    interfaces: 10_000,
    targets: {
      "process start → first answer: with / without": { atMost: 1.5 },
      "change → full state, p50: with / without": { atMost: 1.5 },
      "resident, settled: with / without": { atMost: 1.5 },
      "resident, peak: with / without": { atMost: 1.5 },
    },
  }),
  zookeeperFlood({
    name: "zookeeper-flood",
    interfaces: 5_000,
    load: flood,
    targets: {
      [`${nameOf(flood)}: lag p99`]: { atMost: 20 },
      [`${nameOf(flood)}: lost`]: { atMost: 0 },
      [`${nameOf(flood)}: complete listings`]: { atMost: 0 },
    },
  }),
  eureka({
    name: "eureka-20k",
    apps: 2_000,
    instancesPerApp: 10,
    targets: {
      "polls of full copies: event loop blocked, max": { atMost: 20 },
      "steady state: event loop blocked, max": { atMost: 20 },
      "steady state: full copies": { atMost: 0 },
    },
  }),
  sofa({
    name: "sofa-5k",
    services: 5_000,
    targets: {
      "process start → first answer": { atMost: 5_000 },
      "push → delta, p99": { atMost: 5 },
      "push of 32 MB: event loop blocked, max": { atMost: 20 },
    },
  }),
  delta({
    name: "delta-10k",
    interfaces: 10_000,
    targets: {
      "change → delta, p50": { atMost: 2 },
      "change → delta, p99": { atMost: 5 },
      "reconnect with versions: resources sent": { atMost: 0 },
      "reconnect to another process of ours: resources sent": { atMost: 0 },
      [`${loadName}: lag p99`]: { atMost: 10 },
      [`${loadName}: lost`]: { atMost: 0 },
    },
  }),
  deltaEvent({
    name: "delta-event",
    services: 10_000,
    targets: { "change event → delta, p50": { atMost: 1 }, "change event → delta, p99": { atMost: 5 } },
  }),
  badNeighbours({
    name: "bad-neighbours",
    services: 1_000,
    targets: { "change event → delta, p99": { atMost: 20 }, "changes lost": { atMost: 0 } },
  }),
  podAnnotation({
    name: "pod-annotation",
    pods: 2_000,
    targets: { "annotation → delta, p50": { atMost: 20 } },
  }),
  deltaClients({
    name: "delta-clients",
    services: 10_000,
    clients: 1_000,
    targets: {
      "memory of one more, beyond 500": { atMost: 100 },
      "memory per client, resident": { atMost: 100 },
      "memory per client, heap and buffers": { atMost: 100 },
      "encodings per change": { atMost: 1 },
      "framings per change": { atMost: 1 },
      "a change reaches all, p99 of 100": { atMost: 250 },
    },
  }),
  fullUnpaced({
    name: "full-unpaced",
    interfaces: 10_000,
    targets: {
      [`${loadName}: CPU`]: { atMost: 0.4 },
      [`${loadName}: event loop blocked, max`]: { atMost: 20 },
      [`${loadName}: lost`]: { atMost: 0 },
    },
  }),
  lastKnownGood({
    name: "last-known-good",
    interfaces: 10_000,
    targets: { "registry down: process start → first answer": { atMost: 1_000 } },
  }),
  kubernetes({
    name: "kubernetes-10k",
    services: 10_000,
    endpoints: 10,
    targets: {
      "process start → first answer": { atMost: 6_000 },
      "resident, peak": { atMost: 300 },
      "event loop blocked, max": { atMost: 20 },
    },
  }),
  manyClusters({
    name: "clusters-20",
    clusters: 20,
    services: 200,
    endpoints: 5,
    targets: {
      "resident, peak": { atMost: 400 },
      "the same beside 500 changes/s of another, p99": { atMost: 50 },
      "event loop blocked, max": { atMost: 20 },
    },
  }),
  nacosBench({
    name: "nacos-5k",
    services: 5_000,
    targets: {
      "process start → first answer": { atMost: 10_000 },
      // Nacos itself gathers changes for 0.5 s, and looks ten times a second for which it is time to push them.
      "the difference, p50": { atMost: 20 },
    },
  }),
  shards({ name: "shards", services: 10_000, shards: 4, targets: { "4 shards / 1 shard": { atMost: 0.3 } } }),
  module("full-push", {
    "full push: CPU of encoding anew / of a push": { atLeast: 10 },
    "full push: time / time of a plain buffer": { atMost: 1.1 },
  }),
  module("soak", {
    "soak: heap at the end / after the first tenth": { atMost: 1.05 },
    "soak: heap and buffers at the end / after the first tenth": { atMost: 1.05 },
  }),
  module("merge-5x100k", {
    "merge-5x100k: from the last batch to the first merge": { atMost: 3_000 },
    "merge-5x100k: one change, p50": { atMost: 1 },
    "merge-5x100k: one change / among a tenth of the services": { atMost: 1.5 },
    "merge-5x100k: memory per merged endpoint, beside its bytes": { atMost: 350 },
  }),
  module("snapshot", {}),
  module("enrichment", {
    "enrichment: without `enrich`, with facts / without": { atMost: 1.1 },
    "enrichment: with `enrich`, without facts / without `enrich`": { atMost: 1.2 },
  }),
];

function module(name: string, targets: Readonly<Record<string, Target>>): Bench {
  return { name, targets, run: () => runInOwnProcess(new URL(`./${name}.ts`, import.meta.url)) };
}
