/** What somebody who is told of endpoints holds, and everything that was ever taken from it. */
import { EventEmitter, once } from "node:events";

export interface Removal {
  /** Who lost it. */
  readonly view: string;
  /** The service, as that view names it. */
  readonly service: string;
  /** `address:port` */
  readonly endpoint: string;
}

export class EndpointView {
  readonly name: string;
  /** In the order in which they were seen. */
  readonly removals: Removal[] = [];
  readonly #services = new Map<string, ReadonlySet<string>>();
  readonly #changed = new EventEmitter();

  constructor(name: string) {
    this.name = name;
  }

  /** A service with exactly these endpoints. */
  put(service: string, endpoints: Iterable<string>): void {
    const now = new Set(endpoints);
    for (const endpoint of this.#services.get(service) ?? []) {
      if (!now.has(endpoint)) this.removals.push({ view: this.name, service, endpoint });
    }
    this.#services.set(service, now);
    this.#changed.emit("change");
  }

  /** A service that is gone as a whole. */
  drop(service: string): void {
    this.put(service, []);
    this.#services.delete(service);
  }

  get services(): Iterable<string> {
    return this.#services.keys();
  }

  /** Every endpoint, as `service endpoint`. */
  get all(): string[] {
    return [...this.#services].flatMap(([service, endpoints]) => [...endpoints].map((endpoint) => `${service} ${endpoint}`));
  }

  /** Whether an endpoint at this address is held for some service with this label in its host. */
  has(label: string, address: string): boolean {
    return [...this.#services].some(
      ([service, endpoints]) => service.includes(`.${label}.`) && [...endpoints].some((endpoint) => endpoint.startsWith(`${address}:`)),
    );
  }

  /**
   * Waits until the condition holds; it is asked again after every change.
   * @param within ms
   */
  async until(what: string, condition: (view: this) => boolean, within: number): Promise<void> {
    const signal = AbortSignal.timeout(within);
    while (!condition(this)) {
      await once(this.#changed, "change", { signal }).catch((error) => {
        throw new Error(`${this.name}: ${what}: not within ${within} ms`, { cause: error });
      });
    }
  }
}
