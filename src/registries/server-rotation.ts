/** Which server of a registry is tried next, and when: the pace of reconnecting, without the connections. */
import { backOff } from "./back-off.ts";

/**
 * How an attempt ended:
 * - `unreachable`: the connection was refused, or broke before it was established
 * - `mute`: no answer in time while it was being established
 * - `broken`: it had been established
 * - `refused`: one of both knows the other and will not have it; trying again soon would not help
 */
export type Ending = "unreachable" | "mute" | "broken" | "refused";

/** Between two attempts, while no server takes us: short enough to find one within a second of its return. */
const absent = { firstMs: 200, mostMs: 1_000 };
/** Between two connections that were established and lost: each may cost the server a whole listing. */
const unstable = { firstMs: 200, mostMs: 10_000 };
/** When every server has refused us. */
const refused = { firstMs: 5_000, mostMs: 10_000 };
/** A connection that lived this long after its listing was a good one. */
const stableMs = 10_000;

export class ServerRotation<Server> {
  readonly #servers: readonly Server[];
  #next = 0;
  /** Attempts since the last good connection, by how they ended. */
  #unanswered = 0;
  #mute = 0;
  #broken = 0;
  #refused = 0;
  #listedAt = 0;

  constructor(servers: readonly Server[]) {
    this.#servers = shuffled(servers);
  }

  /** How often in a row nobody answered in time. */
  get mute(): number {
    return this.#mute;
  }

  /** How often we were refused since the last complete listing. */
  get refusals(): number {
    return this.#refused;
  }

  /** Whether the present connection gave a complete listing. */
  get isListed(): boolean {
    return this.#listedAt > 0;
  }

  next(): Server {
    return this.#servers[this.#next++ % this.#servers.length]!;
  }

  /** The next one is the first that fits, if any does. */
  prefer(fits: (server: Server) => boolean): void {
    const index = this.#servers.findIndex(fits);
    if (index >= 0) this.#next = index;
  }

  established(): void {
    this.#listedAt = 0;
    this.#unanswered = 0;
    this.#mute = 0;
  }

  /** A complete listing was read. */
  listed(): void {
    this.#listedAt ||= performance.now();
    this.#refused = 0;
  }

  /** @returns ms until the next attempt */
  ended(ending: Ending, wasEstablished: boolean): number {
    if (this.#listedAt > 0 && performance.now() - this.#listedAt > stableMs) this.#broken = 0;
    this.#listedAt = 0;
    if (ending === "refused") {
      // What is not allowed on one server is allowed on none; but one may be a stranger to us and the next not.
      this.#refused++;
      const next = !wasEstablished && this.#refused % this.#servers.length !== 0;
      return next ? backOff(0, absent, Math.random()) : backOff(this.#refused - 1, refused, Math.random());
    }
    if (ending === "broken") return backOff(this.#broken++, unstable, Math.random());
    this.#mute = ending === "mute" ? this.#mute + 1 : 0;
    // Every server of the list gets its turn before the wait grows. A mute attempt has waited long enough.
    this.#unanswered = ending === "mute" ? 0 : this.#unanswered + 1;
    return backOff(Math.floor(Math.max(0, this.#unanswered - 1) / this.#servers.length), absent, Math.random());
  }
}

/** Clients that start together must not all choose the same server. */
function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
}
