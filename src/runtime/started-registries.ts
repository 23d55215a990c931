/**
 * Starts the registries' workers before the rest of the program is loaded: they connect and list
 * while the main thread still compiles. What they tell meanwhile waits for the catalog. This module
 * must stay light; it is imported first.
 */
import type { Config, RegistryConfig } from "../config/schema.ts";
import type { Logger } from "../log/logger.ts";
import { containedFeed } from "../registries/contained-feed.ts";
import type { Feed } from "../registries/feed.ts";
import { kinds } from "../registries/kinds.ts";
import type { RegistrySpec } from "../registries/supervised-registry.ts";
import { Supervisor } from "../registries/supervisor.ts";
import type { SupervisorOptions } from "../registries/supervisor-options.ts";
import type { KeptRegistries } from "./kept-registries.ts";

export interface StartedRegistries {
  readonly supervisor: Supervisor;
  /** Absent: nothing survives a restart. */
  readonly kept: KeptRegistries | undefined;
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
  const supervisor = new Supervisor(feed, log, { logLevel: config.log.level, ...options });
  for (const registry of config.registries) supervisor.add(specOf(registry), kept?.begin(registry));
  return {
    supervisor,
    kept,
    attach(to) {
      attached = to;
      const contained = containedFeed(to, log);
      for (const word of waiting.splice(0)) word(contained);
    },
  };
}

/** The worker gets the kind's own keys and the few common ones that a session may need. */
export function specOf(registry: RegistryConfig): RegistrySpec {
  const kind = kinds.find(({ id }) => id === registry.type);
  // The configuration was validated against the same list.
  if (!kind) throw new Error(`no registry kind ${registry.type}`);
  return { id: registry.id, session: kind.session, settings: registry };
}
