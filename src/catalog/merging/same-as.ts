/** Hosts that are declared to be one service; plain data, so that a change of it can be seen. */
import type { MergingConfig } from "../../config/sections/merging-schema.ts";
import type { NamedService } from "../../naming/named-service.ts";
import { registryOf } from "../../registries/source-id.ts";

/** How the identity of a declared service begins; no other one is a single bar and a host. */
export const sameAsPrefix = "same-as|";

/** By the host that a service has by itself, the one that it shares. */
export type SameAs = Readonly<Record<string, string>>;

export const noSameAs: SameAs = {};

/** Those that hold for one source. */
export function sameAsFor(source: string, rules: MergingConfig["sameAs"]): SameAs {
  if (rules.length === 0) return noSameAs;
  const shared: Record<string, string> = {};
  for (const { host, services } of rules) {
    for (const { host: own, registry } of [{ host, registry: undefined }, ...services]) {
      const holds = registry === undefined || registry === source || registry === registryOf(source);
      if (holds && !Object.hasOwn(shared, own)) shared[own] = host;
    }
  }
  return shared;
}

/** The service under the host that it shares; its own one stays as a further host, where proxies can tell hosts apart. */
export function joined(named: NamedService, sameAs: SameAs): NamedService {
  if (!Object.hasOwn(sameAs, named.host)) return named;
  const host = sameAs[named.host]!;
  const otherHosts = host === named.host ? named.otherHosts : [named.host, ...named.otherHosts];
  return { ...named, host, otherHosts, identity: sameAsPrefix + host };
}
