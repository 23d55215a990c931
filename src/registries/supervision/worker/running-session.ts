/** One session in its worker: what it emits goes to the main thread, what the main thread says goes to it. */
import type { Emitter, Session, StartSession } from "../../contract.ts";
import type { NameResolver } from "../../host-names/name-resolver.ts";
import { ResolvingEmitter } from "../../host-names/resolving-emitter.ts";
import type { LogLevel } from "../worker-host.ts";
import type { FromSession, SessionStart, ToSession } from "../worker-messages.ts";
import { relayLogger } from "./relay-logger.ts";
import { WorkerEmitter } from "./worker-emitter.ts";

export class RunningSession {
  readonly #start: SessionStart;
  readonly #post: (word: FromSession) => void;
  readonly #emitter: WorkerEmitter;
  readonly #log: ReturnType<typeof relayLogger>;
  readonly #known = Promise.withResolvers<readonly string[]>();
  #settings: unknown;
  #resolving: ResolvingEmitter | undefined;
  /** Loaded with the first host name: most registries have none. */
  #resolver: Promise<NameResolver> | undefined;
  #session: Session | undefined;
  #closing = false;

  constructor(start: SessionStart, logLevel: LogLevel, post: (word: FromSession) => void) {
    this.#start = start;
    this.#settings = start.settings;
    this.#post = post;
    this.#log = relayLogger(post, logLevel);
    this.#emitter = new WorkerEmitter(post, this.#log);
    if (start.known !== undefined) this.#known.resolve(start.known);
  }

  /** Loads the session's module and starts it. Rejects with whatever the module throws. */
  async run(): Promise<void> {
    const { registry, module } = this.#start;
    const [{ start }, known] = await Promise.all([import(module) as Promise<{ start: StartSession }>, this.#known.promise]);
    if (this.#closing) return;
    this.#session = start({ registry, settings: this.#settings, known, emit: this.#emitterFor(known), log: this.#log });
    this.#post({ type: "started" });
  }

  hear(word: ToSession): void {
    switch (word.type) {
      case "ack":
        this.#emitter.acknowledged();
        break;
      case "known":
        this.#known.resolve(word.ids);
        break;
      case "relist":
        this.#session?.relist();
        break;
      case "update":
        this.#update(word.settings);
        break;
      case "close":
        void this.#close();
        break;
    }
  }

  #update(settings: unknown): void {
    const before = this.#settings;
    this.#settings = settings;
    // One that is still to start starts with them.
    if (this.#session === undefined || this.#closing) return;
    const isTaken = hostNamesOf(before) === hostNamesOf(settings) && this.#session.update?.(settings);
    if (!isTaken) this.#post({ type: "outdated" });
  }

  /** Behind it stand addresses, unless the registry's setting wants host names as they are. */
  #emitterFor(known: readonly string[]): Emitter {
    if (hostNamesOf(this.#settings) !== "resolve") return this.#emitter;
    this.#resolving = new ResolvingEmitter(this.#emitter, known, async (name) => {
      this.#resolver ??= import("../../host-names/name-resolver.ts").then((module) => new module.NameResolver());
      return (await this.#resolver).lookup(name);
    });
    return this.#resolving;
  }

  async #close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#emitter.close();
    this.#resolving?.close();
    void this.#resolver?.then((resolver) => resolver.close());
    await this.#session?.close();
    this.#post({ type: "closed" });
  }
}

function hostNamesOf(settings: unknown): unknown {
  return (settings as { hostNames?: unknown } | undefined)?.hostNames;
}
