/**
 * Writes a journal anew, without its history, beside the old one.
 *
 * It goes through the ids of the moment it began and writes what is true of each when its turn
 * comes. What changes meanwhile is appended as well, behind it: whatever was written of an item
 * before its change is outdated by a later entry, and an item that left is gone by one. So nothing
 * has to stand still, and at the end the new file says what is true. It becomes the journal by
 * `rename`; until then the old one is.
 */
import type { Disk } from "./disk.ts";
import { journalCopy } from "./journal-copy.ts";
import type { KeptSource } from "./journal-entry.ts";
import type { JournalOwner } from "./journal-header.ts";
import type { Pause } from "./slices.ts";

/** Bytes that may wait for a sync. */
const mostWaiting = 16 * 1024 * 1024;

export class JournalRewrite {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #owner: JournalOwner;
  readonly #source: KeptSource;
  #file: number | undefined;
  #size = 0;
  #given = false;
  #discarded = false;
  /** Changes that came since the sync began. */
  #waiting: Uint8Array[] | undefined;
  #waitingBytes = 0;

  constructor(disk: Disk, path: string, owner: JournalOwner, source: KeptSource) {
    this.#disk = disk;
    this.#path = path;
    this.#owner = owner;
    this.#source = source;
  }

  /** Bytes written. */
  get size(): number {
    return this.#size;
  }

  /** Creates the file and writes everything, with a yield after each frame. Throws what the disk throws. */
  *write(): Generator<Pause, void> {
    if (this.#discarded) return;
    this.#file = this.#disk.create(this.#path);
    for (const piece of journalCopy(this.#owner, this.#source)) {
      if (this.#file === undefined) return;
      this.#append(piece);
      yield "may go on";
    }
  }

  /** A change that came while it is written. Throws what the disk throws. */
  append(frame: Uint8Array): void {
    // Before its file is there, nothing was read of the source either.
    if (this.#file === undefined) return;
    if (this.#waiting === undefined) {
      this.#append(frame);
      return;
    }
    this.#waiting.push(frame);
    this.#waitingBytes += frame.length;
    if (this.#waitingBytes > mostWaiting) throw new Error("the disk is too slow for a rewrite");
  }

  /** Until it is safe from a power failure: a rename can overtake the content. What comes meanwhile waits, because writing to a file that is being synced would hold us up. */
  async sync(): Promise<void> {
    if (this.#file === undefined) return;
    const waiting: Uint8Array[] = [];
    this.#waiting = waiting;
    await this.#disk.sync(this.#file);
    this.#waiting = undefined;
    for (const frame of waiting) this.#append(frame);
  }

  /** Makes it the journal and gives its open file. */
  takePlaceOf(path: string): number {
    if (this.#file === undefined) throw new Error("the rewritten journal was given up");
    this.#disk.rename(this.#path, path);
    this.#given = true;
    return this.#file;
  }

  /** Ends it, wherever it is; the journal stays as it was. */
  discard(): void {
    this.#discarded = true;
    if (this.#file === undefined || this.#given) return;
    const file = this.#file;
    this.#file = undefined;
    quietly(() => this.#disk.close(file));
    quietly(() => this.#disk.remove(this.#path));
  }

  #append(bytes: Uint8Array): void {
    if (this.#file === undefined) return;
    this.#disk.write(this.#file, bytes);
    this.#size += bytes.length;
  }
}

/** What fails while we clean up behind a failure is no news. */
export function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // The next start removes what is left.
  }
}
