/**
 * The configuration in effect: the file's, and behind it what was added while the process runs. Whatever changes either
 * comes out as one difference, which is applied as a reload is.
 */
import { WatchedFiles } from "../access/watched-files.ts";
import { AddedList } from "../additions/added-list.ts";
import { type Addition, type Additions, noAdditions } from "../additions/addition.ts";
import type { AdditionsFile } from "../additions/additions-file.ts";
import { type AddedEntries, additionsOf, joinAdditions } from "../additions/join-additions.ts";
import { type ReadingContext, readCluster, readRegistry } from "../additions/read-addition.ts";
import { type ConfigDiff, diffConfig, isEmptyDiff } from "../config/diff.ts";
import type { LoadedConfig, ParseOptions } from "../config/load.ts";
import type { Logger } from "../log/logger.ts";

export interface LiveConfigOptions {
  /** How the file is parsed. */
  readonly parse: Omit<ParseOptions, "file">;
  readonly log: Logger;
  /** Absent: what is added does not survive a restart. */
  readonly store?: AdditionsFile | undefined;
  /** What the store held. */
  readonly additions?: Additions;
}

export class LiveConfig {
  readonly #options: LiveConfigOptions;
  #file: LoadedConfig;
  #added: AddedEntries;
  #loaded: LoadedConfig;
  #onChange: (diff: ConfigDiff, next: LoadedConfig) => void = () => {};
  #watched: WatchedFiles | undefined;
  #watchedFiles: readonly string[] = [];
  /** One change after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: LoadedConfig, options: LiveConfigOptions) {
    this.#options = options;
    this.#file = file;
    const { registries, clusters, defaultCluster } = options.additions ?? noAdditions;
    this.#added = this.#withoutTaken({ ...this.#read(registries, clusters), defaultCluster });
    for (const { addition, problem } of [...this.#added.registries.entries, ...this.#added.clusters.entries]) {
      if (problem !== undefined) options.log.error({ id: addition.id }, `what was added at run time cannot be used: ${problem}`);
    }
    this.#loaded = joinAdditions(file, this.#added);
    this.#watch();
  }

  get loaded(): LoadedConfig {
    return this.#loaded;
  }
  /** The file's alone. */
  get file(): LoadedConfig {
    return this.#file;
  }
  get added(): AddedEntries {
    return this.#added;
  }
  /** For reading what is added. */
  get context(): ReadingContext {
    return this.#contextWith(this.#loaded);
  }

  /** From now on, whoever applies changes is told of them. */
  follow(onChange: (diff: ConfigDiff, next: LoadedConfig) => void): void {
    this.#onChange = onChange;
  }

  /** The file was reloaded. What it now has under an id of ours is the file's from then on. */
  fileChanged(next: LoadedConfig): void {
    this.#file = next;
    const added = this.#withoutTaken(this.#added);
    const isLess = added !== this.#added;
    this.#take(added);
    if (isLess) void this.#inTurn(() => this.#keep(this.#added));
  }

  /**
   * Changes what is added. Resolves when it is in effect and kept; with why it is not kept, if so.
   *
   * @param next gives what is to be from what is, and may refuse by throwing
   */
  change(next: (added: AddedEntries) => AddedEntries): Promise<string | undefined> {
    return this.#inTurn(async () => {
      const added = next(this.#added);
      const notKept = await this.#keep(added);
      // The file may have taken an id meanwhile.
      this.#take(this.#withoutTaken(added));
      return notKept;
    });
  }

  close(): void {
    this.#watched?.close();
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #keep(added: AddedEntries): Promise<string | undefined> {
    const { store, log } = this.#options;
    if (store === undefined) return "lastKnownGood.folder is not set";
    try {
      await store.write(additionsOf(added));
      return undefined;
    } catch (error) {
      const message = (error as Error).message;
      log.error({ code: "STATE_UNWRITABLE", err: error }, "what was added at run time cannot be kept for a restart");
      return message;
    }
  }

  #take(added: AddedEntries): void {
    this.#added = added;
    const before = this.#loaded;
    this.#loaded = joinAdditions(this.#file, added);
    this.#watch();
    const diff = diffConfig(before.config, this.#loaded.config);
    if (!isEmptyDiff(diff)) this.#onChange(diff, this.#loaded);
  }

  #read(registries: readonly Addition[], clusters: readonly Addition[]): Omit<AddedEntries, "defaultCluster"> {
    const ownContext = this.#contextWith(this.#file);
    const readClusters = new AddedList(clusters.map((addition) => readCluster(addition, ownContext)));
    // A registry may read from clusters that were added.
    const none = new AddedList<never>();
    const context = this.#contextWith(joinAdditions(this.#file, { registries: none, clusters: readClusters, defaultCluster: undefined }));
    return { registries: new AddedList(registries.map((addition) => readRegistry(addition, context))), clusters: readClusters };
  }

  #contextWith({ config }: LoadedConfig): ReadingContext {
    return { ...this.#options.parse, file: this.#file.file, base: config };
  }

  #withoutTaken(added: AddedEntries): AddedEntries {
    const { config } = this.#file;
    const registries = taken(added.registries.additions, config.registries);
    const clusters = taken(added.clusters.additions, config.clusters.list);
    if (registries.length + clusters.length === 0) return added;
    const message = "added at run time before, is the configuration file's from now on";
    for (const id of registries) this.#options.log.warn({ registry: id }, `registry ${id}, ${message}`);
    for (const id of clusters) this.#options.log.warn({ cluster: id }, `cluster ${id}, ${message}`);
    return { ...added, registries: added.registries.without(registries), clusters: added.clusters.without(clusters) };
  }

  /** Secret files are followed, as those of the configuration are. */
  #watch(): void {
    const { registries, clusters } = this.#added;
    const files = [...new Set([...registries.entries, ...clusters.entries].flatMap((entry) => entry.files))].sort();
    // A watch that goes on misses nothing; a new one would take a change that has just been made for what was read.
    if (files.join() === this.#watchedFiles.join()) return;
    this.#watched?.close();
    this.#watchedFiles = files;
    this.#watched = files.length === 0 ? undefined : new WatchedFiles(files, () => this.#readAgain());
  }

  /** What cannot be read now goes on as it was. */
  #readAgain(): void {
    const read = this.#read(this.#added.registries.additions, this.#added.clusters.additions);
    const registries = this.#added.registries.map((old) => better(old, read.registries.get(old.addition.id), this.#options.log));
    const clusters = this.#added.clusters.map((old) => better(old, read.clusters.get(old.addition.id), this.#options.log));
    this.#take({ ...this.#added, registries, clusters });
  }
}

function taken(additions: readonly Addition[], own: readonly { readonly id: string }[]): readonly string[] {
  return additions.map(({ id }) => id).filter((id) => own.some((one) => one.id === id));
}

function better<E extends { readonly config?: unknown; readonly problem?: string; readonly addition: Addition }>(
  old: E,
  next: E | undefined,
  log: Logger,
): E {
  if (next?.problem === undefined || old.config === undefined) return next ?? old;
  log.error({ id: old.addition.id }, `a changed file is not taken over, the content before stays: ${next.problem}`);
  return old;
}
