/** Follows the children of Dubbo's root through one session: which interfaces there are, which came and which are gone. */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../../../log/logger.ts";
import type { Emitter } from "../../contract.ts";
import { itemId } from "../../service.ts";
import type { Client } from "../connection/client.ts";
import type { InterfaceNames } from "./interface-names.ts";
import { type InterfaceReader, settleMs } from "./interface-reader.ts";
import type { KnownInterfaces } from "./known-interfaces.ts";
import type { DubboPaths } from "./paths.ts";

/** A root that vanished is read again after this time: a container node goes when its last child has gone. */
const rootSettleMs = 1_000;
/** A large root is read again at most this share of the time … */
const rootReadShare = 1 / 5;
/** … but not later than this. */
const rootReadGapMs = 500;

export interface InterfaceRootContext {
  readonly client: Client;
  readonly paths: DubboPaths;
  readonly names: InterfaceNames;
  readonly known: KnownInterfaces;
  readonly reader: InterfaceReader;
  readonly emit: Emitter;
  readonly log: Logger;
  readonly isListing: () => boolean;
  /** Whether an application offers an interface, wherever else it is. */
  readonly isOffered: (name: string) => boolean;
  /** A directory that is not followed so far. */
  readonly found: (directory: string) => void;
  /** An interface's directory is gone. */
  readonly vanished: (directory: string) => void;
  readonly relist: () => void;
  readonly failed: (error: unknown) => void;
}

export class InterfaceRoot {
  readonly #context: InterfaceRootContext;
  #timer: NodeJS.Timeout | undefined;
  #reading = false;
  #changed = false;
  #notBefore = 0;
  #stopped = false;

  constructor(context: InterfaceRootContext) {
    this.#context = context;
  }

  /** The directories that may be interfaces. A root that is absent has none; one that vanished is doubted first. */
  async list(): Promise<string[]> {
    const { paths, names, known, emit, log } = this.#context;
    const { root } = paths;
    this.#changed = false;
    let children = await this.#children();
    if (children === undefined && known.rootSeen) {
      emit.suspicious(`${root} was there and is gone`);
      await delay(rootSettleMs);
      children = await this.#children();
    }
    if (children === undefined) {
      if (known.rootSeen) log.warn({ root }, "the root is gone; it is followed as soon as it is created again");
      else log.info({ root }, "the root does not exist yet; it is followed as soon as it is created");
    }
    known.rootSeen = children !== undefined;
    return names.select(root, children ?? []);
  }

  /** A listing has ended. */
  listed(): void {
    if (this.#changed) this.due();
  }

  /** The children have to be read again: soon, or when a listing that is open has ended. */
  due(): void {
    this.#changed = true;
    if (this.#context.isListing() || this.#reading || this.#stopped) return;
    clearTimeout(this.#timer);
    const wait = this.#notBefore - performance.now();
    if (wait <= 0) this.#read().catch(this.#context.failed);
    else this.#timer = setTimeout(() => this.due(), wait);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    const { paths, names, known, reader, isListing, found, relist } = this.#context;
    this.#reading = true;
    try {
      const started = performance.now();
      this.#changed = false;
      let children = await this.#children();
      if (children && this.#gone(children).length > 0) {
        await delay(settleMs);
        children = await this.#children();
      }
      if (this.#stopped || isListing()) return;
      if (children === undefined || !known.rootSeen) return relist();
      const gone = this.#gone(children);
      const directories = names.select(paths.root, children);
      for (const directory of gone) this.#lost(directory);
      const took = performance.now() - started;
      this.#notBefore = started + took + Math.min(rootReadGapMs, took / rootReadShare - took);
      for (const directory of directories) if (!reader.followed.has(directory)) found(directory);
    } finally {
      this.#reading = false;
    }
    if (this.#changed) this.due();
  }

  #children(): Promise<string[] | undefined> {
    return this.#context.client.follow(this.#context.paths.root, (names) => names);
  }

  /** What the root had and has no more, or what nobody offers any more that it never had. */
  #gone(children: readonly string[]): string[] {
    const { known, reader, isOffered } = this.#context;
    const present = new Set(children);
    return Array.from(known.entries())
      .filter(([directory, { name }]) => !present.has(directory) && (reader.followed.has(directory) || !isOffered(name)))
      .map(([directory]) => directory);
  }

  /** An interface has no directory any more. Applications may still offer it. */
  #lost(directory: string): void {
    const { names, known, reader, emit, isOffered, vanished } = this.#context;
    const lost = known.get(directory);
    if (!lost) return;
    vanished(directory);
    if (isOffered(lost.name)) {
      reader.tellAlone(directory);
      return;
    }
    // Another spelling of the name may have taken its place.
    const keys = names.has(lost.name) ? [] : lost.keys;
    for (const key of keys) emit.removed(itemId({ kind: "service", service: { key, instances: [] } }));
    known.delete(directory);
    known.calls.tell(emit);
    reader.forget(directory);
  }
}
