/** A registry whose content changes all the time, and which can be put out of Tributary's reach. */

const services = 20;
/** Of one service in one registry, beside the visitor. */
const mostEndpoints = 6;

/** What a registry has of one service. */
export interface Offer {
  readonly endpoints: readonly string[];
  readonly weight: number;
}

export abstract class UnderLoad {
  readonly id: string;
  readonly #number: number;
  readonly #offers = new Map<string, Offer>();

  /** @param number part of the addresses that only this registry names */
  constructor(id: string, number: number) {
    this.id = id;
    this.#number = number;
  }

  /** ms between two changes. */
  get pause(): number {
    return 15;
  }

  /** As an entry of the configuration's `registries`. */
  abstract get settings(): Readonly<Record<string, unknown>>;
  /** Out of reach; what is registered stays, and goes on changing. */
  abstract down(): Promise<void>;
  abstract up(): Promise<void>;
  abstract stop(): Promise<void>;
  protected abstract write(service: string, before: Offer | undefined, after: Offer): Promise<void>;

  /** The first content: of each service an endpoint that every registry names, and one of its own. */
  async fill(): Promise<void> {
    for (let at = 0; at < services; at++)
      await this.#put(nameOf(at), { endpoints: [`10.60.${at}.1:20880`, this.#own(at, 1)], weight: 100 });
  }

  /** One change of one service: another weight, a further endpoint, or a visitor that comes or goes. */
  async change(): Promise<void> {
    const at = Math.floor(Math.random() * services);
    const { endpoints, weight } = this.#offers.get(nameOf(at))!;
    const staying = endpoints.filter((endpoint) => !isVisitor(endpoint));
    const choice = Math.random();
    if (choice < 0.5) await this.#put(nameOf(at), { endpoints, weight: (weight % 200) + 1 });
    else if (choice < 0.7 && staying.length < mostEndpoints)
      await this.#put(nameOf(at), { endpoints: [...endpoints, this.#own(at, staying.length)], weight });
    else if (staying.length < endpoints.length) await this.#put(nameOf(at), { endpoints: staying, weight });
    else await this.#put(nameOf(at), { endpoints: [...endpoints, `10.99.${at}.1:20880`], weight });
  }

  /** `host endpoint` of everything that is there to stay. */
  get staying(): string[] {
    return [...this.#offers].flatMap(([name, { endpoints }]) =>
      endpoints.filter((endpoint) => !isVisitor(endpoint)).map((endpoint) => `${hostOf(name)} ${endpoint}`),
    );
  }

  protected get offers(): ReadonlyMap<string, Offer> {
    return this.#offers;
  }

  async #put(service: string, offer: Offer): Promise<void> {
    const before = this.#offers.get(service);
    this.#offers.set(service, offer);
    await this.write(service, before, offer);
  }

  #own(at: number, nth: number): string {
    return `10.${this.#number}.${at}.${nth}:20880`;
  }
}

/** The hosts of everything that registries under load have. */
export const loadedHosts = Array.from({ length: services }, (_, at) => hostOf(nameOf(at)));

/** An endpoint whose registry takes it back now and then. */
export function isVisitor(endpoint: string): boolean {
  return endpoint.startsWith("10.99.");
}

function nameOf(at: number): string {
  return `com.acme.Load${at}Facade`;
}

function hostOf(service: string): string {
  return `${service.toLowerCase()}.dubbo`;
}
