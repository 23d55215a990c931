/** One registry as the catalog sees it: its settings, its view, and what was made of its items. */
import { hash } from "node:crypto";
import type { RegistryConfig } from "../config/schema.ts";
import type { KeptItem } from "../last-known-good/journal-entry.ts";
import { type KnownPorts, parsePorts } from "../naming/known-ports.ts";
import { type Naming, nameService } from "../naming/name-service.ts";
import type { NamedService, NamingRefusal } from "../naming/named-service.ts";
import type { RegistryNaming } from "../naming/registry-naming.ts";
import type { Problem } from "../registries/contract.ts";
import type { Service } from "../registries/service.ts";
import type { DeadlineTimer } from "./deadline-timer.ts";
import { compileEnrichment, type Enrichment } from "./enrichment.ts";
import { joined, noSameAs, type SameAs } from "./merging/same-as.ts";
import type { ServicePart } from "./service-part.ts";
import type { RegistryView } from "./view/registry-view.ts";

/** Of each registry this many of the latest problems are kept to be shown. */
const maxRecentProblems = 50;

export class Source {
  config: RegistryConfig;
  naming: RegistryNaming;
  /** Of its hosts, those that are declared to be others. */
  sameAs: SameAs;
  /** Position in the configuration; smaller goes first. */
  priority = 0;
  readonly view: RegistryView;
  readonly timer: DeadlineTimer;
  readonly parts = new Map<string, readonly ServicePart[]>();
  readonly known = new Map<string, KnownPorts>();
  readonly refusals = new Map<string, readonly NamingRefusal[]>();
  readonly events = { upsert: 0, remove: 0, listing: 0 };
  readonly problemCounts = new Map<string, number>();
  #enrichment: { readonly rules: RegistryConfig["enrich"]; readonly compiled: Enrichment | undefined } | undefined;
  #settingsDigest: string | undefined;
  readonly #recentProblems: Problem[] = [];

  constructor(config: RegistryConfig, naming: RegistryNaming, sameAs: SameAs, view: RegistryView, timer: DeadlineTimer) {
    this.config = config;
    this.naming = naming;
    this.sameAs = sameAs;
    this.view = view;
    this.timer = timer;
  }

  get id(): string {
    return this.config.id;
  }

  /** What its endpoints take of facts; undefined: nothing. */
  get enrichment(): Enrichment | undefined {
    const rules = this.config.enrich;
    if (this.#enrichment?.rules !== rules) this.#enrichment = { rules, compiled: rules && compileEnrichment(rules) };
    return this.#enrichment?.compiled;
  }

  /** Oldest first. */
  get recentProblems(): readonly Problem[] {
    return this.#recentProblems;
  }

  /** @returns whether what is known of the registry is served otherwise by these settings */
  configure(config: RegistryConfig, naming: RegistryNaming, sameAs: SameAs): boolean {
    const before = this.settingsDigest;
    this.config = config;
    this.naming = naming;
    this.sameAs = sameAs;
    this.#settingsDigest = undefined;
    return this.settingsDigest !== before;
  }

  /** Of the settings that shape what is served of it. */
  get settingsDigest(): string {
    if (this.#settingsDigest !== undefined) return this.#settingsDigest;
    const { network, locality, hostNames, enrich } = this.config;
    const { naming, sameAs } = this;
    this.#settingsDigest = hash("sha256", JSON.stringify({ naming, sameAs, network, locality, hostNames, enrich }));
    return this.#settingsDigest;
  }

  /** Takes over what an earlier process kept of an item; its ports first, because its name depends on them. */
  restore(id: string, item: KeptItem, now: number): boolean {
    const ports = parsePorts(item.ports);
    if (ports.length > 0 && !this.known.has(id)) this.known.set(id, ports);
    return this.view.restore(id, item, now);
  }

  addProblem(problem: Problem, count: number): void {
    this.problemCounts.set(problem.code, (this.problemCounts.get(problem.code) ?? 0) + count);
    this.#recentProblems.push(problem);
    if (this.#recentProblems.length > maxRecentProblems) this.#recentProblems.shift();
  }

  name(itemId: string, service: Service): Naming {
    const naming = nameService(service, this.naming, this.known.get(itemId));
    return this.sameAs === noSameAs ? naming : { ...naming, named: naming.named.map((named) => joined(named, this.sameAs)) };
  }

  /** What a part stands for now; undefined if its item is gone or is called otherwise. */
  named({ itemId, identity }: ServicePart): NamedService | undefined {
    const item = this.view.item(itemId);
    if (item?.kind !== "service") return undefined;
    return this.name(itemId, item.service).named.find((named) => named.identity === identity);
  }
}
