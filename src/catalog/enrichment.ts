/**
 * What facts about an address add to an endpoint there. A registry's own word always counts first: facts fill gaps. Pure; it
 * runs only for registries with `enrich`, and only while there are facts.
 */
import type { EnrichConfig } from "../config/sections/registry-schema.ts";
import { nameMatcher } from "../registries/name-filter.ts";
import type { Fact, Instance } from "../registries/service.ts";

/** What one source says of an address, with the network that its addresses are in. */
export interface AddressFact {
  readonly fact: Fact;
  readonly network: string | undefined;
}

/** `enrich` of a registry, compiled. */
export interface Enrichment {
  readonly rules: EnrichConfig;
  isWanted(label: string): boolean;
}

export function compileEnrichment(rules: EnrichConfig): Enrichment {
  return { rules, isWanted: nameMatcher(rules.labels) };
}

/**
 * The instances with what is known of their addresses.
 * @param network of addresses that name none
 * @param find the facts about an address, the most important first
 */
export function enriched(
  instances: readonly Instance[],
  network: string | undefined,
  enrichment: Enrichment,
  find: (address: string) => readonly AddressFact[],
): readonly Instance[] {
  let changed = false;
  const result = instances.map((instance) => {
    const facts = factsFor(instance.network ?? network, find(instance.address));
    if (facts.length === 0) return instance;
    changed = true;
    return withFacts(instance, network, enrichment, facts);
  });
  return changed ? result : instances;
}

/**
 * The same address may belong to several pods, in networks that overlap. The endpoint's network decides; one without is in the
 * mesh's own, or else in the only one where the address is known.
 */
function factsFor(network: string | undefined, facts: readonly AddressFact[]): readonly AddressFact[] {
  const [first] = facts;
  if (first === undefined) return facts;
  if (facts.every((one) => one.network === first.network)) return network === undefined || first.network === network ? facts : [];
  return facts.filter((one) => one.network === network);
}

function withFacts(
  instance: Instance,
  registryNetwork: string | undefined,
  { rules, isWanted }: Enrichment,
  facts: readonly AddressFact[],
): Instance {
  const added: { -readonly [K in keyof Instance]?: Instance[K] } = {};
  const locality = rules.locality && instance.locality === undefined ? facts.find(({ fact }) => fact.locality)?.fact.locality : undefined;
  if (locality !== undefined) added.locality = locality;
  const network = rules.network && (instance.network ?? registryNetwork) === undefined ? facts[0]?.network : undefined;
  if (network !== undefined) added.network = network;
  const account = rules.serviceAccount && instance.serviceAccount === undefined ? accountOf(facts) : undefined;
  if (account !== undefined) added.serviceAccount = account;
  const labels = labelsOf(instance.labels, facts, isWanted);
  if (labels !== undefined) added.labels = labels;
  return { ...instance, ...added };
}

/** Where no sidecar is, a service account would only make istiod expect one. */
function accountOf(facts: readonly AddressFact[]): string | undefined {
  return facts.find(({ fact }) => fact.serviceAccount !== undefined && fact.sidecar !== false)?.fact.serviceAccount;
}

function labelsOf(
  own: Instance["labels"],
  facts: readonly AddressFact[],
  isWanted: (label: string) => boolean,
): Record<string, string> | undefined {
  let labels: Record<string, string> | undefined;
  for (const { fact } of facts) {
    for (const [key, value] of Object.entries(fact.labels ?? {})) {
      if (!isWanted(key) || Object.hasOwn(labels ?? own ?? {}, key)) continue;
      labels ??= { ...own };
      labels[key] = value;
    }
  }
  return labels;
}
