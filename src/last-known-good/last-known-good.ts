/**
 * The folder in which the last known state of every registry survives a restart: one journal per
 * registry, and a lock. Whatever is wrong with the folder or a file in it, serving goes on; only a
 * folder that another process uses is refused.
 */
import { join } from "node:path";
import { TributaryError } from "../errors/tributary-error.ts";
import type { Logger } from "../log/logger.ts";
import { clusterOf, registryOf } from "../registries/source-id.ts";
import { type Disk, localDisk } from "./disk.ts";
import { FolderLock } from "./folder-lock.ts";
import type { JournalOwner } from "./journal-header.ts";
import { quietly } from "./journal-rewrite.ts";
import { RegistryState, type StateReport } from "./registry-state.ts";
import { ResourceFile } from "./resources/resource-file.ts";
import { setAside } from "./set-aside.ts";
import { Slices } from "./slices.ts";

export interface LastKnownGoodOptions {
  readonly folder: string;
  /** Ids of the configured registries: journals of others are set aside. Those of sources in clusters are their registry's. */
  readonly registries: readonly string[];
  readonly log: Logger;
  readonly disk?: Disk;
  /** What failed is tried again after so many ms. Default 10 s. */
  readonly retryMs?: number;
}

export class LastKnownGood {
  readonly slices = new Slices();
  readonly #options: LastKnownGoodOptions;
  readonly #disk: Disk;
  readonly #states = new Map<string, RegistryState>();
  #lock: FolderLock | undefined;
  #unusable: unknown;
  #retrying: NodeJS.Timeout | undefined;

  private constructor(options: LastKnownGoodOptions) {
    this.#options = options;
    this.#disk = options.disk ?? localDisk;
  }

  /** Creates the folder if it is missing. @throws TributaryError STATE_IN_USE */
  static async open(options: LastKnownGoodOptions): Promise<LastKnownGood> {
    const opened = new LastKnownGood(options);
    await opened.#prepare();
    opened.#retrying = setInterval(() => void opened.retry(), options.retryMs ?? 10_000).unref();
    return opened;
  }

  /** Begins to read what is kept of a registry. One of the same id that runs already ends, and its journal with it. */
  registry(owner: JournalOwner): RegistryState {
    this.remove(owner.registry);
    const { folder, log } = this.#options;
    const path = join(folder, fileName(owner.registry));
    const state = new RegistryState({ path, owner, log, disk: this.#disk, slices: this.slices }, this.#unusable);
    this.#states.set(owner.registry, state);
    return state;
  }

  /** Where encoded resources are kept. */
  resources(): ResourceFile {
    const { folder, log } = this.#options;
    return new ResourceFile(folder, this.#disk, log, () => this.#unusable === undefined);
  }

  find(registry: string): RegistryState | undefined {
    return this.#states.get(registry);
  }

  /** The registry left the configuration: what was kept of it goes at once. */
  remove(registry: string): void {
    this.#states.get(registry)?.remove();
    this.#states.delete(registry);
  }

  /** Writes all changes so far; what is published after it returned survives the end of the process. */
  flush(): void {
    for (const state of this.#states.values()) state.journal.flush();
  }

  reports(): readonly StateReport[] {
    return [...this.#states.values()].map((state) => state.report());
  }

  /** Clusters in which a registry had sources in an earlier process, as far as journals tell. */
  clusters(registry: string): readonly string[] {
    return this.#journals().flatMap((name) => {
      const id = sourceOf(name);
      return registryOf(id) === registry ? (clusterOf(id) ?? []) : [];
    });
  }

  /** Tries again whatever failed. */
  async retry(): Promise<void> {
    if (this.#unusable !== undefined) await this.#prepare().catch(() => {});
    if (this.#unusable !== undefined) return;
    await Promise.all([...this.#states.values()].map((state) => state.retry()));
  }

  close(): void {
    clearInterval(this.#retrying);
    for (const state of this.#states.values()) state.journal.close();
    quietly(() => this.#lock?.release());
    this.#lock = undefined;
  }

  /** Names of files; none where the folder cannot be read. */
  #journals(): readonly string[] {
    try {
      return this.#disk.list(this.#options.folder).filter((name) => name.endsWith(suffix));
    } catch {
      return [];
    }
  }

  async #prepare(): Promise<void> {
    const { folder, log } = this.#options;
    try {
      this.#disk.makeFolder(folder);
      this.#lock ??= await FolderLock.acquire(folder);
      this.#unusable = undefined;
      this.#setOrphansAside();
    } catch (error) {
      const first = this.#unusable === undefined;
      this.#unusable = error;
      if (error instanceof TributaryError) throw error;
      if (first)
        log.error({ code: "STATE_UNWRITABLE", folder, err: error }, `lastKnownGood.folder ${folder} cannot be used; serving goes on`);
    }
  }

  /** An id can leave the configuration by a slip of the pen: its state is not deleted, but it does not come back by itself either. */
  #setOrphansAside(): void {
    const { folder, registries, log } = this.#options;
    const known = new Set([...registries, ...this.#states.keys()].map(registryOf));
    const isKnown = (name: string) => known.has(registryOf(sourceOf(name)));
    for (const name of this.#disk.list(folder)) {
      const isUnfinished = name.endsWith(`${suffix}.new`) && !isKnown(name.slice(0, -".new".length));
      if (isUnfinished) quietly(() => this.#disk.remove(join(folder, name)));
      if (!name.endsWith(suffix) || isKnown(name)) continue;
      try {
        const target = setAside(this.#disk, join(folder, name), "orphan", new Date());
        log.warn({ file: target }, `${name} belongs to no configured registry; it is kept as ${target}`);
      } catch (error) {
        log.warn({ file: name, err: error }, `${name} belongs to no configured registry, and cannot be renamed`);
      }
    }
  }
}

const suffix = ".journal";

/** `@` stands for the slash of a source in a cluster; neither occurs in an id. */
function fileName(source: string): string {
  return `${source.replace("/", "@")}${suffix}`;
}

/** @param name of a journal */
function sourceOf(name: string): string {
  return name.slice(0, -suffix.length).replace("@", "/");
}
