/** Which session server is asked next. */

import { hostPortText } from "../../host-port.ts";
import { readSessionServers, type SessionServer } from "../http/session-pages.ts";
import type { SofaSettings } from "../settings.ts";

/** A server that failed is the last choice for this time, ms. */
const avoidedMs = 30_000;

export class SessionServers {
  readonly #settings: Pick<SofaSettings, "endpoints" | "sessions" | "zone" | "requestTimeout">;
  /** When each failed last, by its address. */
  readonly #failedAt = new Map<string, number>();
  /** What was told last. */
  #known: readonly SessionServer[] = [];

  constructor(settings: Pick<SofaSettings, "endpoints" | "sessions" | "zone" | "requestTimeout">) {
    this.#settings = settings;
    this.#known = (settings.sessions ?? []).map((address) => ({ address, weight: undefined }));
  }

  /** Asks the endpoints, one after the other, unless the settings name the servers. @throws Error if none tells */
  async refresh(): Promise<readonly SessionServer[]> {
    if (this.#settings.sessions) return this.#known;
    const failures: string[] = [];
    for (const endpoint of shuffled(this.#settings.endpoints)) {
      try {
        this.#known = await readSessionServers(endpoint, this.#settings.zone, this.#settings.requestTimeout);
        return this.#known;
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
    throw new Error(failures.join("; "));
  }

  failed({ address }: SessionServer): void {
    this.#failedAt.set(hostPortText(address), performance.now());
  }

  worked({ address }: SessionServer): void {
    this.#failedAt.delete(hostPortText(address));
  }

  /** Of those that are known: the better one of two, at random, so that not all clients choose the same. */
  choose(random: () => number = Math.random): SessionServer | undefined {
    const now = performance.now();
    const good = this.#known.filter(
      ({ address }) => now - (this.#failedAt.get(hostPortText(address)) ?? Number.NEGATIVE_INFINITY) > avoidedMs,
    );
    return chooseOfTwo(good.length > 0 ? good : this.#known, random);
  }
}

/** @returns of two different servers the one with fewer clients; undefined if there is none */
export function chooseOfTwo(servers: readonly SessionServer[], random: () => number): SessionServer | undefined {
  if (servers.length < 2) return servers[0];
  const first = Math.floor(random() * servers.length);
  const second = (first + 1 + Math.floor(random() * (servers.length - 1))) % servers.length;
  const [one, other] = [servers[first]!, servers[second]!];
  return (other.weight ?? 0) < (one.weight ?? 0) ? other : one;
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}
