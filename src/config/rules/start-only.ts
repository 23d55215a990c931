import type { Config } from "../schema.ts";

/** A setting that is read once, at start; a reload that changes it is refused (`CONFIG_NEEDS_RESTART`). */
export interface StartOnlySetting {
  /** As users write it. */
  readonly name: string;
  readonly read: (config: Config) => unknown;
  /** What else a restart with another value takes. */
  readonly hint?: string;
}

export const startOnlySettings: readonly StartOnlySetting[] = [
  { name: "xds.address", read: ({ xds }) => xds.address },
  { name: "xds.port", read: ({ xds }) => xds.port },
  {
    name: "xds.shards",
    read: ({ xds }) => xds.shards,
    hint: "restart, and give istiod's configSources one xds:// address per shard: hosts of a shard that istiod does not ask for are missing from the mesh",
  },
  { name: "xds.incrementalPort", read: ({ xds }) => xds.incrementalPort },
  { name: "xds.tls", read: ({ xds }) => xds.tls },
  { name: "xds.maxStreams", read: ({ xds }) => xds.maxStreams },
  { name: "xds.maxRequestBytes", read: ({ xds }) => xds.maxRequestBytes },
  { name: "xds.maxTypes", read: ({ xds }) => xds.maxTypes },
  { name: "xds.maxNames", read: ({ xds }) => xds.maxNames },
  { name: "xds.pacing", read: ({ xds }) => xds.pacing },
  { name: "xds.initialSync", read: ({ xds }) => xds.initialSync },
  { name: "metrics.address", read: ({ metrics }) => metrics.address },
  { name: "metrics.port", read: ({ metrics }) => metrics.port },
  { name: "admin.address", read: ({ admin }) => admin.address },
  { name: "admin.port", read: ({ admin }) => admin.port },
  { name: "admin.tls", read: ({ admin }) => admin.tls },
  { name: "lastKnownGood.folder", read: ({ lastKnownGood }) => lastKnownGood.folder },
  { name: "lastKnownGood.peers", read: ({ lastKnownGood }) => lastKnownGood.peers },
  { name: "lastKnownGood.peerTimeout", read: ({ lastKnownGood }) => lastKnownGood.peerTimeout },
  { name: "readBack", read: ({ readBack }) => readBack },
  { name: "log.format", read: ({ log }) => log.format },
];
