/**
 * What is made of all registries' items: services by host, ready resources, facts, and the keys
 * that changed. Entries are merged when they are asked for; nothing merged is kept.
 */
import { rememberPorts } from "../naming/known-ports.ts";
import type { NamedService } from "../naming/named-service.ts";
import type { Fact, Item, Service } from "../registries/service.ts";
import { AddressIndex } from "./address-index.ts";
import { byPriority, type Contribution } from "./contribution.ts";
import { DirtyKeys } from "./dirty-keys.ts";
import { type AddressFact, enriched } from "./enrichment.ts";
import { FactIndex } from "./fact-index.ts";
import { isComplete } from "./kept-source.ts";
import { type FinalHosts, merge, type Reweigh } from "./merge.ts";
import type { CatalogEntry, MergedService } from "./merged-service.ts";
import { Failovers } from "./merging/failovers.ts";
import type { PolicyOf } from "./merging/merge-policy.ts";
import { MergeReports } from "./merging/merge-reports.ts";
import { select } from "./merging/select.ts";
import { shadowOf } from "./merging/shadow.ts";
import { withShares } from "./merging/shares.ts";
import { hostOfOwnService, ownServiceOf, serviceOfFact } from "./own-cluster.ts";
import { ReadyResources } from "./ready-resources.ts";
import { ServiceIndex } from "./service-index.ts";
import { ServiceInputs } from "./service-inputs.ts";
import type { ServicePart } from "./service-part.ts";
import type { Source } from "./source.ts";

const servicePrefix = "service:";
const resourcePrefix = "resource:";

export class CatalogContents {
  readonly dirty = new DirtyKeys();
  readonly services = new ServiceIndex((key) => this.dirty.add(servicePrefix + key, this.#seenAt));
  readonly resources = new ReadyResources((registry) => this.#source(registry)?.priority ?? Number.MAX_SAFE_INTEGER);
  readonly inputs = new ServiceInputs(this.services, this.resources, () => this.#policyOf.dependsOnTime);
  readonly #facts = new FactIndex();
  /** Of registries whose endpoints take something of facts. */
  readonly #addresses = new AddressIndex();
  /** What is served otherwise than it was said: by "namespace/host". */
  readonly merges = new MergeReports();
  readonly #failovers = new Failovers(
    (key, now) => this.dirty.add(servicePrefix + key, now),
    () => [...this.#sources().values()].every(isComplete),
  );
  #policyOf: PolicyOf;
  readonly #sources: () => ReadonlyMap<string, Source>;
  /** When the change that is being applied was seen. */
  #seenAt = 0;

  constructor(sources: () => ReadonlyMap<string, Source>, policyOf: PolicyOf) {
    this.#sources = sources;
    this.#policyOf = policyOf;
  }

  /** Another policy may hold for everything now. */
  setPolicy(policyOf: PolicyOf): void {
    this.#policyOf = policyOf;
    this.#failovers.clear();
    this.reorder();
  }

  /** Stops the timer. */
  close(): void {
    this.#failovers.clear();
  }

  get(key: string): CatalogEntry | undefined {
    if (key.startsWith(servicePrefix)) return this.#service(key.slice(servicePrefix.length));
    return key.startsWith(resourcePrefix) ? this.#resource(key.slice(resourcePrefix.length)) : undefined;
  }

  /** Every key that may have an entry. */
  *keys(): Iterable<string> {
    for (const key of this.services.keys()) yield servicePrefix + key;
    for (const key of this.resources.keys()) yield resourcePrefix + key;
  }

  /** First registry first. */
  factsAbout(subject: Fact["subject"], name: string): readonly AddressFact[] {
    const facts: (AddressFact & { readonly priority: number })[] = [];
    for (const { registry, itemId } of this.#facts.find(subject, name)) {
      const source = this.#source(registry);
      const item = source?.view.item(itemId);
      if (source === undefined || item?.kind !== "fact") continue;
      facts.push({ priority: source.priority, fact: item.fact, network: item.fact.network ?? source.config.network });
    }
    return facts.length < 2 ? facts : facts.sort((one, other) => one.priority - other.priority);
  }

  /** What a part stands for now, with what facts add; undefined if its item is gone or is called otherwise. */
  readonly named = (part: ServicePart, fresh?: NamedService): NamedService | undefined => {
    const { source } = part;
    const named = fresh ?? source.named(part);
    if (named === undefined || source.enrichment === undefined || this.#facts.isEmpty) return named;
    const find = (address: string) => this.factsAbout("address", address);
    return { ...named, instances: enriched(named.instances, source.config.network, source.enrichment, find) };
  };

  /** All namespaces that generated services may have. */
  namespaces(): ReadonlySet<string> {
    return new Set([...this.#sources().values()].map((source) => source.naming.namespace));
  }

  /** A registry's effective item is another one; undefined: it left. */
  change(registry: string, id: string, item: Item | undefined, seenAt: number): void {
    const source = this.#source(registry);
    if (source === undefined) return;
    this.#seenAt = seenAt;
    if (id.startsWith("service/")) this.#changeService(source, id, item?.kind === "service" ? item.service : undefined);
    else if (id.startsWith("resource/")) this.#changeResource(source, id, item);
    else this.#changeFact(registry, id, item?.kind === "fact" ? item.fact : undefined);
  }

  #changeFact(registry: string, id: string, fact: Fact | undefined): void {
    const address = fact ? (fact.subject === "address" ? fact.name : undefined) : this.#facts.addressOf(registry, id);
    if (fact) this.#facts.set(registry, id, fact);
    else this.#facts.delete(registry, id);
    if (address !== undefined) this.#touchAddress(address);
    const own = serviceOfFact(id);
    if (own === undefined) return;
    const host = hostOfOwnService(own, this.#clusterDomain());
    for (const namespace of this.namespaces()) this.services.touchHolders(`${namespace}/${host}`);
  }

  /** Everything with an instance there that takes something of facts may be another one now. */
  #touchAddress(address: string): void {
    for (const place of this.#addresses.find(address)) {
      for (const part of this.#source(place.registry)?.parts.get(place.itemId) ?? []) this.services.touch(part);
    }
  }

  #changeService(source: Source, id: string, service: Service | undefined): void {
    if (source.enrichment !== undefined || this.#addresses.has(source.id)) {
      this.#addresses.set(source.id, id, source.enrichment === undefined ? [] : (service?.instances ?? []));
    }
    let named: readonly NamedService[] = [];
    if (service === undefined) {
      source.known.delete(id);
      source.refusals.delete(id);
    } else {
      const known = rememberPorts(source.known.get(id) ?? [], service);
      if (known.length > 0) source.known.set(id, known);
      else source.known.delete(id);
      const naming = source.name(id, service);
      named = naming.named;
      if (naming.refusals.length > 0) source.refusals.set(id, naming.refusals);
      else source.refusals.delete(id);
    }
    const parts = this.services.replace(source, id, source.parts.get(id) ?? [], named);
    if (parts.length > 0) source.parts.set(id, parts);
    else source.parts.delete(id);
  }

  #changeResource(source: Source, id: string, item: Item | undefined): void {
    const key = id.slice("resource/".length);
    const touched =
      item?.kind === "resource" ? this.resources.set(key, source.id, id, item.resource) : this.resources.delete(key, source.id);
    this.dirty.add(resourcePrefix + key, this.#seenAt);
    for (const taken of touched) this.#touchTaken(taken);
  }

  /** A ready ServiceEntry came or went: generated ones of its host or name may appear or disappear. */
  #touchTaken(taken: string): void {
    if (taken.includes("/")) {
      this.services.touchHolders(taken);
      return;
    }
    for (const namespace of this.namespaces()) this.services.touchHolders(`${namespace}/${taken}`);
  }

  /** The registry's naming, or what its instances are given or take of facts, changed. */
  rename(source: Source): void {
    this.#seenAt = Date.now();
    for (const id of [...source.parts.keys(), ...source.refusals.keys()]) {
      const item = source.view.item(id);
      if (item?.kind === "service") this.#changeService(source, id, item.service);
    }
    // What its facts say is said of addresses in another network now.
    for (const address of this.#facts.addressesOf(source.id)) this.#touchAddress(address);
  }

  withdraw(source: Source): void {
    const now = Date.now();
    for (const id of [...source.view.ids()]) this.change(source.id, id, undefined, now);
  }

  /** Another registry may now come first everywhere. */
  reorder(): void {
    this.resources.reorder();
    const now = Date.now();
    for (const key of this.keys()) this.dirty.add(key, now);
  }

  #service(key: string): CatalogEntry | undefined {
    const service = this.#merged(key);
    if (service === undefined) this.#failovers.forget(key);
    this.merges.set(key, service);
    return service && { kind: "service", service };
  }

  #merged(key: string): MergedService | undefined {
    const parts = this.services.servedAt(key);
    const first = parts[0];
    if (first === undefined) return undefined;
    const host = this.services.hostOf(first);
    if (this.resources.blocking(first.namespace, host) !== undefined) return undefined;
    const contributions: Contribution[] = [];
    for (const part of parts) {
      const named = this.named(part, takeFresh(part));
      const { id: registry, priority, config } = part.source;
      const { network, locality, hostNames } = config;
      if (named !== undefined) contributions.push({ registry, priority, network, locality, hostNames, named });
    }
    if (contributions.length === 0) return undefined;
    const otherHosts = parts
      .flatMap((part) => this.services.otherHostsOf(part))
      .filter((other) => this.resources.blocking(first.namespace, other) === undefined);
    const own = ownServiceOf(host, this.#clusterDomain());
    const inOwnCluster = own !== undefined && this.#facts.find("service", own).length > 0;
    const service = this.#selected(key, contributions, { host, otherHosts });
    return service && inOwnCluster ? { ...service, ownClusterService: own } : service;
  }

  #selected(key: string, contributions: readonly Contribution[], hosts: FinalHosts): MergedService | undefined {
    const policy = this.#policyOf(hosts.host, contributions);
    if (contributions.length === 1 && policy.policy === "union") return merge(contributions, hosts);
    const { served, shadows, failover } = select(key, contributions, policy, this.#failovers);
    if (served.length === 0) return undefined;
    const reweigh: Reweigh | undefined =
      policy.policy === "weighted" ? (endpoints, contributors) => withShares(endpoints, contributors, policy) : undefined;
    const service = merge(served, hosts, reweigh);
    const chosen = new Set([...served, ...shadows].map(({ registry }) => registry));
    const known = [...contributions].sort(byPriority);
    return {
      ...service,
      // It becomes a label of the ServiceEntry, which must not change with every failover.
      kind: known[0]!.named.kind,
      decision: {
        policy: policy.policy,
        setting: policy.setting,
        ...(policy.labels !== undefined && { labels: policy.labels }),
        serving: [...new Set(served.map(({ registry }) => registry))],
        standby: [...new Set(known.map(({ registry }) => registry))].filter((registry) => !chosen.has(registry)),
        shadows: shadows.map((shadow) => shadowOf(shadow, served[0], service)),
        ...(failover && { failover }),
      },
    };
  }

  #resource(key: string): CatalogEntry | undefined {
    const winner = this.resources.winner(key);
    const item = winner && this.#source(winner.registry)?.view.item(winner.itemId);
    if (winner === undefined || item?.kind !== "resource") return undefined;
    return { kind: "resource", passed: { registry: winner.registry, resource: item.resource } };
  }

  /** The mesh's, which all registries know. */
  #clusterDomain(): string {
    const [source] = this.#sources().values();
    return source?.naming.clusterDomain ?? "";
  }

  #source(registry: string): Source | undefined {
    return this.#sources().get(registry);
  }
}

/** Taken once: an idle catalog keeps nothing parsed. */
function takeFresh(part: ServicePart): NamedService | undefined {
  const { fresh } = part;
  part.fresh = undefined;
  return fresh;
}
