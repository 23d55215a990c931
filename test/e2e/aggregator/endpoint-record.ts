/** Everything that somebody was ever told about endpoints, moment by moment: nothing between two looks is missed. */
import { EventEmitter, once } from "node:events";
import type { AssignedEndpoint } from "../servers/sidecar-client.ts";

export class EndpointRecord {
  /** For people. */
  readonly name: string;
  /** How often anything changed. */
  moments = 0;
  /** What must never have been seen, in words. */
  readonly wrong: string[] = [];
  readonly #services = new Map<string, readonly AssignedEndpoint[]>();
  readonly #kept = new Map<string, ReadonlySet<string>>();
  readonly #changed = new EventEmitter();

  constructor(name: string) {
    this.name = name;
  }

  /** A service is told anew; once it had endpoints, it must never be without any. */
  put(service: string, told: readonly AssignedEndpoint[]): void {
    const before = this.#services.get(service) ?? [];
    if (JSON.stringify(before) === JSON.stringify(told)) return;
    this.moments += 1;
    this.#services.set(service, told);
    const endpoints = new Set(told.map(({ endpoint }) => endpoint));
    if (told.length === 0) this.wrong.push(`${service} is without endpoints`);
    if (endpoints.size < told.length) this.wrong.push(`${service} has an endpoint twice: ${told.map(({ endpoint }) => endpoint)}`);
    for (const kept of this.#kept.get(service) ?? []) if (!endpoints.has(kept)) this.wrong.push(`${service} lost ${kept}`);
    this.#changed.emit("change");
  }

  /** Whoever was told of a service is told that there is none. */
  drop(service: string): void {
    if (this.#services.has(service)) this.put(service, []);
  }

  /** From now on these endpoints of a service must never be missing. */
  keep(service: string, endpoints: readonly string[]): void {
    this.#kept.set(service, new Set(endpoints));
  }

  get services(): Iterable<string> {
    return this.#services.keys();
  }

  endpoints(service: string): string[] {
    return (this.#services.get(service) ?? []).map(({ endpoint }) => endpoint).sort();
  }

  /** Of the service's traffic, in per cent, by endpoint. An endpoint without a weight counts as one of weight 1. */
  shares(service: string): Record<string, number> {
    const told = (this.#services.get(service) ?? []).map(({ endpoint, weight }) => ({ endpoint, weight: weight || 1 }));
    const sum = told.reduce((total, { weight }) => total + weight, 0);
    return Object.fromEntries(told.map(({ endpoint, weight }) => [endpoint, Math.round((1_000 * weight) / sum) / 10]));
  }

  /**
   * Waits until the condition holds; it is asked again after every change.
   * @param within ms
   */
  async until(what: string, condition: (record: this) => boolean, within = 20_000): Promise<void> {
    const signal = AbortSignal.timeout(within);
    while (!condition(this)) {
      await once(this.#changed, "change", { signal }).catch(() => {
        const now = [...this.#services].map(([service, told]) => `${service} ${JSON.stringify(told)}`);
        throw new Error(`${this.name}: ${what}: not within ${within} ms\n${now.join("\n")}`);
      });
    }
  }
}
