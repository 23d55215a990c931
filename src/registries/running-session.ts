/**
 * One session in its worker: what it emits goes to the main thread, what the main thread says goes
 * to it, and a heartbeat shows that its event loop turns.
 */
import { getHeapStatistics } from "node:v8";
import { collectGarbage } from "./collect-garbage.ts";
import type { Emitter, Session, StartSession } from "./contract.ts";
import type { NameResolver } from "./host-names/name-resolver.ts";
import { ResolvingEmitter } from "./host-names/resolving-emitter.ts";
import { relayLogger } from "./relay-logger.ts";
import { WorkerEmitter } from "./worker-emitter.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./worker-messages.ts";

/** The way to the main thread. */
export interface MainPort {
  post(message: FromWorker): void;
  /** Nothing more is to be said or heard. */
  close(): void;
}

export class RunningSession {
  readonly #start: WorkerStart;
  readonly #main: MainPort;
  readonly #emitter: WorkerEmitter;
  readonly #log: ReturnType<typeof relayLogger>;
  readonly #heart: NodeJS.Timeout;
  readonly #known = Promise.withResolvers<readonly string[]>();
  #resolving: ResolvingEmitter | undefined;
  /** Loaded with the first host name: most registries have none. */
  #resolver: Promise<NameResolver> | undefined;
  #session: Session | undefined;
  #closing = false;

  constructor(start: WorkerStart, main: MainPort) {
    this.#start = start;
    this.#main = main;
    const post = (message: FromWorker): void => main.post(message);
    this.#log = relayLogger(post, start.worker.logLevel);
    this.#emitter = new WorkerEmitter(post, this.#log);
    this.#heart = setInterval(() => this.#beat(), start.worker.beatMs);
    if (start.known !== undefined) this.#known.resolve(start.known);
  }

  /** Loads the session's module and starts it. Rejects with whatever the module throws: the worker's end. */
  async run(): Promise<void> {
    const { registry, session: module, settings } = this.#start;
    const [{ start }, known] = await Promise.all([import(module) as Promise<{ start: StartSession }>, this.#known.promise]);
    if (this.#closing) return;
    this.#session = start({ registry, settings, known, emit: this.#emitterFor(known), log: this.#log });
    this.#main.post({ type: "started" });
  }

  hear(message: Exclude<ToWorker, { type: "start" }>): void {
    switch (message.type) {
      case "ack":
        this.#emitter.acknowledged();
        break;
      case "known":
        this.#known.resolve(message.ids);
        break;
      case "relist":
        this.#session?.relist();
        break;
      case "collect":
        collectGarbage();
        break;
      case "close":
        void this.#close();
        break;
    }
  }

  /** Behind it stand addresses, unless the registry's setting wants host names as they are. */
  #emitterFor(known: readonly string[]): Emitter {
    if ((this.#start.settings as { hostNames?: unknown } | undefined)?.hostNames !== "resolve") return this.#emitter;
    this.#resolving = new ResolvingEmitter(this.#emitter, known, async (name) => {
      this.#resolver ??= import("./host-names/name-resolver.ts").then((module) => new module.NameResolver());
      return (await this.#resolver).lookup(name);
    });
    return this.#resolving;
  }

  #beat(): void {
    const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
    this.#main.post({ type: "beat", heap, external });
  }

  async #close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#emitter.close();
    this.#resolving?.close();
    void this.#resolver?.then((resolver) => resolver.close());
    await this.#session?.close();
    clearInterval(this.#heart);
    this.#main.post({ type: "closed" });
    this.#main.close();
  }
}
