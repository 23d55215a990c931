/**
 * What of the known instances is told, and how. An application vanishes with its last instance, which says nothing of
 * the service: it is told without instances from then on. What an earlier worker told and the first copy lacks is kept as
 * it is, for as long as instances that are missing are.
 */
import type { Emitter } from "../contract.ts";
import { LivingServices } from "../living-services.ts";
import { nameFilter } from "../name-filter.ts";
import { itemId, parseKeyText, type Service } from "../service.ts";
import { nameOf, type ServiceRules, serviceOf } from "./app-service.ts";
import type { KnownInstances } from "./known-instances.ts";

export interface ToldRules extends ServiceRules {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

const servicePrefix = "service/";

export class ToldServices {
  readonly #known: KnownInstances;
  readonly #rules: ToldRules;
  readonly #emit: Emitter;
  readonly #wanted: (name: string) => boolean;
  readonly #living = new LivingServices([]);
  /** Names that only an earlier worker told. */
  readonly #inherited: Set<string>;

  /** @param inherited ids of items */
  constructor(known: KnownInstances, rules: ToldRules, emit: Emitter, inherited: readonly string[]) {
    this.#known = known;
    this.#rules = rules;
    this.#emit = emit;
    const lower = (patterns: readonly string[]) => patterns.map((pattern) => pattern.toLowerCase());
    this.#wanted = nameFilter(lower(rules.include), lower(rules.exclude));
    const ids = inherited.filter((id) => id.startsWith(servicePrefix));
    this.#inherited = new Set(ids.map((id) => parseKeyText(id.slice(servicePrefix.length)).name).filter(this.#wanted));
  }

  /** How many services only an earlier worker told. */
  get inherited(): number {
    const { apps } = this.#known;
    return [...this.#inherited].filter((name) => !apps.has(name.toUpperCase())).length;
  }

  /** Tells these applications, as they are now. */
  changed(apps: Iterable<string>): void {
    for (const app of apps) this.#tell(app, (service) => this.#emit.changed({ kind: "service", service }));
  }

  /** Tells everything, as a complete listing. */
  list(): void {
    const listing = this.#emit.listing();
    const add = (service: Service): void => listing.add({ kind: "service", service });
    for (const app of this.#known.apps) this.#tell(app, add);
    this.#living.forgetSurplus();
    for (const name of this.#living.empty) add(this.#service(name.toUpperCase()));
    for (const name of this.#inherited) listing.keep(itemId({ kind: "service", service: { key: { name }, instances: [] } }));
    listing.commit();
  }

  /** What only an earlier worker told has no instances: nobody has named it for long. */
  giveUpInherited(): void {
    for (const name of this.#inherited) {
      this.#living.lives(name);
      this.#living.isEmpty(name);
    }
    this.#inherited.clear();
  }

  #tell(app: string, tell: (service: Service) => void): void {
    const name = nameOf(app);
    if (!this.#wanted(name)) return;
    const service = this.#service(app);
    // A delta also tells what went before we came.
    if (service.instances.length === 0 && !this.#living.has(name) && !this.#inherited.has(name)) return;
    this.#inherited.delete(name);
    this.#living.lives(name);
    if (service.instances.length === 0) this.#living.isEmpty(name);
    tell(service);
  }

  #service(app: string): Service {
    return serviceOf(app, this.#known.of(app), this.#rules, (problem) => this.#emit.problem(problem));
  }
}
