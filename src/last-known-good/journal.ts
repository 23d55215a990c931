/**
 * The journal of one registry, open for appending. Changes are noted as ids; what is then true of
 * each is written by `flush`, in one frame and in the turn in which it is published. A disk that
 * fails costs only the journal: it is told once, tried again by `retry`, and made whole by writing
 * it anew.
 */
import type { Logger } from "../log/logger.ts";
import type { Disk } from "./disk.ts";
import { encodeEntries } from "./journal-entries.ts";
import type { JournalEntry, KeptSource } from "./journal-entry.ts";
import { encodeHeader, type JournalOwner } from "./journal-header.ts";
import { JournalRewrite, quietly } from "./journal-rewrite.ts";
import type { Slices } from "./slices.ts";

/** A frame ends at about so many characters, so that writing never holds the event loop for long … */
const frameCharacters = 256 * 1024;
/** … or at so many entries. */
const frameEntries = 500;
/** Changes that publish nothing are written after so many ms. */
const idleFlushMs = 250;
/** Bytes; below that, history is not worth a rewrite. */
const smallest = 4 * 1024 * 1024;
/** A rewrite that failed while the journal itself is fine is tried again after so many ms. */
const rewriteAgainMs = 60_000;

export interface JournalOptions {
  readonly path: string;
  readonly owner: JournalOwner;
  readonly disk: Disk;
  readonly log: Logger;
  readonly slices: Slices;
}

export interface JournalCounts {
  /** Entries and bytes appended. */
  readonly entries: number;
  readonly bytes: number;
  readonly rewrites: number;
  readonly writeErrors: number;
}

export class Journal {
  readonly #options: JournalOptions;
  readonly #touched = new Set<string>();
  #touchedCharacters = 0;
  #completed = false;
  #source: KeptSource | undefined;
  #file: number | undefined;
  #size = 0;
  /** Size after the last rewrite: what cannot be saved by another. */
  #floor = 0;
  #rewrite: JournalRewrite | undefined;
  #rewriteNotBefore = 0;
  #flushing: NodeJS.Timeout | undefined;
  #failure: string | undefined;
  #closed = false;
  readonly #counts = { entries: 0, bytes: 0, rewrites: 0, writeErrors: 0 };

  constructor(options: JournalOptions) {
    this.#options = options;
    quietly(() => options.disk.remove(this.#temporary));
  }

  get counts(): JournalCounts {
    return { ...this.#counts };
  }
  /** Bytes. */
  get size(): number {
    return this.#size;
  }
  /** Why nothing can be written; undefined while all is well. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Starts an empty journal, in the place of whatever is there. */
  create(): void {
    this.#attempt(() => {
      const { disk, path, owner } = this.#options;
      const header = encodeHeader(owner);
      this.#file = disk.create(path);
      disk.write(this.#file, header);
      this.#size = header.length;
    });
  }

  /** Goes on behind the first `size` bytes of the existing one. */
  continue(size: number): void {
    this.#attempt(() => {
      this.#file = this.#options.disk.append(this.#options.path, size);
      this.#size = size;
    });
  }

  /** Where what is to be written is asked for. Nothing is written before. */
  follow(source: KeptSource): void {
    this.#source = source;
    this.#maybeRewrite();
  }

  /** What is kept of an item is another one now. @param characters length of its text. */
  touched(id: string, characters: number): void {
    // Whoever writes it anew some day writes everything.
    if (this.#file === undefined && this.#rewrite === undefined) return;
    this.#touched.add(id);
    this.#touchedCharacters += characters;
    if (this.#touchedCharacters >= frameCharacters || this.#touched.size >= frameEntries) this.flush();
    else this.#flushSoon();
  }

  /** The registry was listed completely. */
  completed(): void {
    this.#completed = true;
    this.#flushSoon();
  }

  /** Writes what was noted; when it returns, the operating system has it. Never throws. */
  flush(): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    if (this.#source === undefined || (this.#touched.size === 0 && !this.#completed)) return;
    const entries: JournalEntry[] = [];
    for (const id of this.#touched) entries.push(this.#source.entry(id));
    if (this.#completed) entries.push({ what: "complete" });
    this.#completed = false;
    this.#touched.clear();
    this.#touchedCharacters = 0;
    this.#append(encodeEntries(entries), entries.length);
    this.#maybeRewrite();
  }

  /** After a failure: writes the whole journal anew. Resolves when that succeeded or failed. */
  async retry(): Promise<void> {
    if (this.#failure !== undefined) await this.#writeAnew();
  }

  /** What is served came from elsewhere: writes all of it, in slices. */
  rewrite(): void {
    if (this.#failure !== undefined || this.#source === undefined) return;
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) quietly(() => this.#options.disk.close(file));
    void this.#writeAnew();
  }

  /** Something else than a write makes the journal unusable, for now. */
  fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#counts.writeErrors += 1;
    const known = this.#failure !== undefined;
    this.#failure = message;
    this.#letGo();
    if (known) return;
    const { log, path, owner } = this.#options;
    log.error(
      { registry: owner.registry, code: "STATE_UNWRITABLE", file: path },
      `last-known-good of registry ${owner.registry} cannot be written: ${message}; serving goes on, a restart would bring back an older state`,
    );
  }

  /** Writes what is left and lets go of the file. */
  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.#letGo();
  }

  /** The registry is gone for good, and so is its journal. */
  remove(): void {
    this.#closed = true;
    this.#letGo();
    quietly(() => this.#options.disk.remove(this.#options.path));
  }

  get #temporary(): string {
    return `${this.#options.path}.new`;
  }

  #flushSoon(): void {
    if (!this.#closed) this.#flushing ??= setTimeout(() => this.flush(), idleFlushMs).unref();
  }

  #append(frame: Buffer, entries: number): void {
    try {
      this.#rewrite?.append(frame);
    } catch (error) {
      this.#rewriteFailed(error);
    }
    if (this.#file === undefined) return;
    this.#attempt(() => {
      this.#options.disk.write(this.#file as number, frame);
      this.#size += frame.length;
      this.#counts.entries += entries;
      this.#counts.bytes += frame.length;
    });
  }

  /** When more than half of it is history. */
  #maybeRewrite(): void {
    if (this.#file === undefined || this.#rewrite !== undefined || this.#source === undefined || this.#closed) return;
    if (this.#size < 2 * Math.max(smallest / 2, this.#floor, this.#source.characters())) return;
    if (performance.now() >= this.#rewriteNotBefore) void this.#writeAnew();
  }

  async #writeAnew(): Promise<void> {
    if (this.#source === undefined || this.#rewrite !== undefined || this.#closed) return;
    const { disk, path, owner, slices } = this.#options;
    const rewrite = new JournalRewrite(disk, this.#temporary, owner, this.#source);
    this.#rewrite = rewrite;
    try {
      await slices.run(rewrite.write());
      await rewrite.sync();
      this.flush();
      if (this.#rewrite !== rewrite) return;
      const file = rewrite.takePlaceOf(path);
      this.#rewrite = undefined;
      this.#letGo();
      this.#file = file;
      this.#size = rewrite.size;
      this.#floor = rewrite.size;
      this.#counts.rewrites += 1;
      this.#recovered();
    } catch (error) {
      if (this.#rewrite === rewrite) this.#rewriteFailed(error);
    }
  }

  #rewriteFailed(error: unknown): void {
    this.#rewrite?.discard();
    this.#rewrite = undefined;
    this.#rewriteNotBefore = performance.now() + rewriteAgainMs;
    if (this.#file === undefined) this.fail(error);
    else this.#counts.writeErrors += 1;
  }

  #attempt(action: () => void): void {
    if (this.#closed) return;
    try {
      action();
      this.#recovered();
    } catch (error) {
      this.fail(error);
    }
  }

  #recovered(): void {
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    const { log, owner } = this.#options;
    log.info({ registry: owner.registry, bytes: this.#size }, `last-known-good of registry ${owner.registry} is written again, as a whole`);
  }

  #letGo(): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    this.#touched.clear();
    this.#touchedCharacters = 0;
    this.#rewrite?.discard();
    this.#rewrite = undefined;
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) quietly(() => this.#options.disk.close(file));
  }
}
