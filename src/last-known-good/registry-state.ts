/** What is kept of one registry: read once at the start, then journalled. */
import { Journal, type JournalCounts, type JournalOptions } from "./journal.ts";
import { JournalContents, type JournalReading, readJournal } from "./journal-reading.ts";
import { setAside } from "./set-aside.ts";

/** What a journal gave at the start. */
export interface Loaded {
  readonly contents: JournalContents;
  /** Epoch ms of the last change of the file; undefined if there was none. */
  readonly changedAt: number | undefined;
}

export interface StateReport {
  readonly registry: string;
  readonly file: string;
  /** Why nothing is written; undefined while all is well. */
  readonly failure: string | undefined;
  /** Bytes. */
  readonly size: number;
  readonly counts: JournalCounts;
  /** Items that were loaded. */
  readonly loadedItems: number;
  /** From the start of reading until the catalog has it. */
  readonly loadSeconds: number;
  /** Files that could not be used and were set aside. */
  readonly setAside: number;
}

export class RegistryState {
  readonly journal: Journal;
  /** What the journal held; never rejects. */
  readonly loaded: Promise<Loaded>;
  readonly #options: JournalOptions;
  readonly #startedAt = performance.now();
  #loadedItems = 0;
  #loadSeconds = 0;
  #setAside = 0;
  /** The file is there, but not for us: it is never written, not even in another's place. */
  #newer: string | undefined;
  /** The file cannot be used and could not be set aside yet. */
  #unusable: string | undefined;
  #opened = false;
  #removed = false;

  /** @param blocked why nothing can be written in the folder, if so; reading may work all the same. */
  constructor(options: JournalOptions, blocked: unknown) {
    this.#options = options;
    this.journal = new Journal(options);
    this.loaded = this.#load(blocked);
  }

  /** The registry's `type`. */
  get kind(): string {
    return this.#options.owner.kind;
  }
  get isRemoved(): boolean {
    return this.#removed;
  }

  /** The catalog has it now; the contents are let go. */
  applied(contents: JournalContents): void {
    this.#loadedItems = contents.size;
    contents.release();
    this.#loadSeconds = (performance.now() - this.#startedAt) / 1000;
  }

  /** Tries again what failed. Resolves when that succeeded or failed. */
  async retry(): Promise<void> {
    if (this.#newer !== undefined || this.#removed) return;
    await this.loaded;
    if (this.#unusable !== undefined && !this.#moveAway(this.#unusable)) return;
    await this.journal.retry();
  }

  remove(): void {
    this.#removed = true;
    // What is not ours, or not known yet to be so, is left for the next start to judge.
    if (this.#opened && this.#newer === undefined && this.#unusable === undefined) this.journal.remove();
    else this.journal.close();
  }

  report(): StateReport {
    const { journal } = this;
    return {
      registry: this.#options.owner.registry,
      file: this.#options.path,
      failure: this.#newer ?? journal.failure,
      size: journal.size,
      counts: journal.counts,
      loadedItems: this.#loadedItems,
      loadSeconds: this.#loadSeconds,
      setAside: this.#setAside,
    };
  }

  async #load(blocked: unknown): Promise<Loaded> {
    const { disk, path, owner, slices } = this.#options;
    let changedAt: number | undefined;
    let reading: JournalReading;
    try {
      const file = await disk.read(path);
      changedAt = file?.changedAt;
      reading = file
        ? await slices.run(readJournal(file.bytes, owner))
        : { is: "read", contents: new JournalContents(Buffer.alloc(0)), good: 0, torn: 0 };
    } catch (error) {
      reading = { is: "unusable", why: `it cannot be read: ${(error as Error).message}` };
    }
    // A folder that can be used only later may then have a file of which nothing is known here, perhaps all there is to know of the registry.
    if (blocked !== undefined && changedAt === undefined) this.#unusable = "it was not there at the start";
    if (!this.#removed) this.#open(reading, blocked);
    return { contents: reading.is === "read" ? reading.contents : new JournalContents(Buffer.alloc(0)), changedAt };
  }

  /** Makes the journal ready for writing. */
  #open(reading: JournalReading, blocked: unknown): void {
    const { log, path, owner } = this.#options;
    const { registry } = owner;
    this.#opened = true;
    if (reading.is === "newer") {
      this.#newer = `${path} has format version ${reading.version}, written by a newer release`;
      const message = `${this.#newer}; it is kept as it is, and registry ${registry} runs without last-known-good`;
      log.error({ registry, code: "STATE_NEWER", file: path }, message);
      return;
    }
    if (reading.is === "unusable") {
      this.#unusable = reading.why;
      if (blocked === undefined && !this.#moveAway(reading.why)) return;
    } else if (reading.torn > 0) {
      log.info(
        { registry, file: path, bytes: reading.torn },
        "the journal's last write was not finished; it is cut off, nothing of it was served",
      );
    }
    if (blocked !== undefined) this.journal.fail(blocked);
    else if (reading.is === "read" && reading.good > 0) this.journal.continue(reading.good);
    else this.journal.create();
  }

  /** Whether the file is out of the way. */
  #moveAway(why: string): boolean {
    const { disk, log, path, owner } = this.#options;
    const { registry } = owner;
    try {
      const target = setAside(disk, path, "bad", new Date());
      this.#unusable = undefined;
      this.#setAside += 1;
      log.error(
        { registry, code: "STATE_UNUSABLE", file: target },
        `the journal of registry ${registry} cannot be used: ${why}; it is kept as ${target}`,
      );
      return true;
    } catch (error) {
      // Somebody was quicker.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") {
        this.#unusable = undefined;
        return true;
      }
      this.journal.fail(error);
      return false;
    }
  }
}
