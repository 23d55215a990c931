/** One session of the `eureka` kind: polls one server of a cluster for as long as it answers, then the next. */
import { backOff } from "../back-off.ts";
import type { Session, SessionContext, StartSession } from "../contract.ts";
import { joinedLookups } from "../joined-lookups.ts";
import { Cluster, type Peer } from "./cluster.ts";
import { RegistryReader } from "./registry-reader.ts";
import { ServerFailure } from "./server/failure.ts";
import { EurekaServer } from "./server/server.ts";
import type { EurekaSettings } from "./settings.ts";

/** Between two rounds while no server answers: short enough to find one soon after its return. */
const absent = { firstMs: 200, mostMs: 2_000 };
/** When every server has refused us. */
const refused = { firstMs: 5_000, mostMs: 30_000 };

export const start: StartSession = (context) => new EurekaSession(context);

class EurekaSession implements Session {
  readonly #context: SessionContext;
  readonly #settings: EurekaSettings;
  readonly #servers: readonly EurekaServer[];
  readonly #cluster: Cluster;
  readonly #reader: RegistryReader;
  #timer: NodeJS.Timeout | undefined;
  #polling = false;
  /** A full copy is asked for. */
  #asked = false;
  /** Rounds in which no server answered. */
  #failures = 0;
  /** What was said of each server since it answered last. */
  readonly #said = new Map<Peer, string>();
  #closed = false;

  constructor(context: SessionContext) {
    this.#context = context;
    this.#settings = context.settings as EurekaSettings;
    const options = { ...this.#settings, lookup: joinedLookups() };
    this.#servers = this.#settings.servers.map((address) => new EurekaServer(address, options));
    this.#cluster = new Cluster(this.#servers);
    this.#reader = new RegistryReader(this.#cluster, this.#settings, context);
    void this.#poll();
  }

  relist(): void {
    // One that is being read began before it was asked for.
    this.#asked = true;
    if (!this.#polling) void this.#poll();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const server of this.#servers) server.close();
  }

  async #poll(): Promise<void> {
    clearTimeout(this.#timer);
    this.#polling = true;
    if (this.#asked) this.#reader.owesFull();
    this.#asked = false;
    const failures = await this.#round();
    this.#polling = false;
    if (this.#closed) return;
    if (failures === undefined) {
      this.#failures = 0;
      this.#schedule(this.#asked ? 0 : this.#settings.pollInterval * (0.9 + 0.2 * Math.random()));
      return;
    }
    const limits = failures.every((failure) => failure.refused) ? refused : absent;
    const wait = backOff(this.#failures++, limits, Math.random());
    this.#context.emit.unreachable(failures.map(({ message }) => message).join("; "));
    this.#schedule(wait);
  }

  #schedule(wait: number): void {
    this.#timer = setTimeout(() => void this.#poll(), wait);
  }

  /** Asks each server, from the current on, until one answers. @returns why none did */
  async #round(): Promise<ServerFailure[] | undefined> {
    const failures: ServerFailure[] = [];
    for (let tried = 0; tried < this.#cluster.size; tried++) {
      const server = this.#cluster.current;
      try {
        await this.#reader.read();
        if (this.#closed) return undefined;
        if (this.#said.delete(server)) this.#context.log.info({ server: server.url }, "answers again");
        this.#context.emit.contact();
        return undefined;
      } catch (error) {
        if (this.#closed) return undefined;
        failures.push(this.#failed(server, error));
        this.#cluster.next();
      }
    }
    return failures;
  }

  #failed(server: Peer, error: unknown): ServerFailure {
    const { log } = this.#context;
    const failure = error instanceof ServerFailure ? error : new ServerFailure((error as Error).message, false);
    if (failure !== error) log.error({ err: error, server: server.url }, "a reading failed");
    const { message, refused } = failure;
    // An outage is said once, not with every attempt.
    if (this.#said.get(server) === message) log.debug({ server: server.url }, message);
    else log.warn({ server: server.url }, message);
    this.#said.set(server, message);
    return new ServerFailure(`${server.url}: ${message}`, refused);
  }
}
