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
  { name: "xds.maxRequestBytes", read: ({ xds }) => xds.maxRequestBytes },
  { name: "metrics.address", read: ({ metrics }) => metrics.address },
  { name: "metrics.port", read: ({ metrics }) => metrics.port },
  { name: "log.format", read: ({ log }) => log.format },
];
