import type { Config } from "./schema.ts";

/** A setting that is read once, at start; a reload that changes it is refused (`CONFIG_NEEDS_RESTART`). */
export interface StartOnlySetting {
  /** As users write it. */
  readonly name: string;
  readonly read: (config: Config) => unknown;
}

export const startOnlySettings: readonly StartOnlySetting[] = [
  { name: "xds.address", read: ({ xds }) => xds.address },
  { name: "xds.port", read: ({ xds }) => xds.port },
  { name: "xds.maxStreams", read: ({ xds }) => xds.maxStreams },
  { name: "xds.maxRequestBytes", read: ({ xds }) => xds.maxRequestBytes },
  { name: "xds.maxTypes", read: ({ xds }) => xds.maxTypes },
  { name: "xds.maxNames", read: ({ xds }) => xds.maxNames },
  { name: "xds.pacing", read: ({ xds }) => xds.pacing },
  { name: "xds.initialSync", read: ({ xds }) => xds.initialSync },
  { name: "metrics.address", read: ({ metrics }) => metrics.address },
  { name: "metrics.port", read: ({ metrics }) => metrics.port },
  { name: "log.format", read: ({ log }) => log.format },
];
