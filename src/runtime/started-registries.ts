/**
 * Starts the registries' workers before the rest of the program is loaded: they connect and list
 * while the main thread still compiles. What they tell meanwhile waits for the catalog. This module
 * must stay light; it is imported first.
 */

import { ClusterManager } from "../clusters/cluster-manager.ts";
import type { Config } from "../config/schema.ts";
import type { Logger } from "../log/logger.ts";
import type { Feed } from "../registries/feed.ts";
import { kinds } from "../registries/kinds.ts";
import { clusterOf } from "../registries/source-id.ts";
import { containedFeed } from "../registries/supervision/contained-feed.ts";
import { Supervisor } from "../registries/supervision/supervisor.ts";
import type { SupervisorOptions } from "../registries/supervision/supervisor-options.ts";
import type { KeptRegistries } from "./kept-registries.ts";
import { OperatorWords } from "./operator/operator-words.ts";
import { RegistrySources } from "./registry-sources.ts";

export interface StartedRegistries {
  readonly supervisor: Supervisor;
  readonly sources: RegistrySources;
  readonly clusters: ClusterManager;
  /** Absent: nothing survives a restart. */
  readonly kept: KeptRegistries | undefined;
  readonly operator: OperatorWords;
  /** Hands over what was told so far, in order, and everything from now on. Call once. */
  attach(feed: Feed): void;
}

/** `kept`: what an earlier process kept is taken over first. */
export function startRegistries(
  config: Config,
  log: Logger,
  kept?: KeptRegistries,
  options: Partial<SupervisorOptions> = {},
): StartedRegistries {
  let attached: Feed | undefined;
  // Bounded by the moment that loading the other rooms takes.
  const waiting: ((feed: Feed) => void)[] = [];
  const tell = (word: (feed: Feed) => void) => (attached ? word(attached) : waiting.push(word));
  const feed: Feed = {
    upsert: (...word) => tell((to) => to.upsert(...word)),
    remove: (...word) => tell((to) => to.remove(...word)),
    listed: (...word) => tell((to) => to.listed(...word)),
    status: (...word) => tell((to) => to.status(...word)),
    problem: (...word) => tell((to) => to.problem(...word)),
  };
  const supervision = { logLevel: config.log.level, ...options };
  const supervisor = new Supervisor(feed, log, supervision);
  const clusters = new ClusterManager(
    config.clusters,
    log,
    {
      changed: (set) => sources.setClusters(set),
      recovered(cluster) {
        for (const { id } of sources.configs) if (clusterOf(id) === cluster) supervisor.relist(id);
      },
    },
    supervision,
  );
  const operator = kept?.operator ?? new OperatorWords();
  const sources = new RegistrySources(config.registries, clusters.set, { kinds, supervisor, kept, operator, freeze: config.freeze });
  return {
    supervisor,
    sources,
    clusters,
    kept,
    operator,
    attach(to) {
      attached = to;
      const contained = containedFeed(to, log);
      for (const word of waiting.splice(0)) word(contained);
    },
  };
}
