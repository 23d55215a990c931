/**
 * What waits in a worker to be sent: the newest word per item, in the order of the first waiting
 * change, and the commit of a listing behind everything that came before it. Its size is bounded
 * by the number of items, however fast they change.
 */
import type { Commit } from "../worker-messages.ts";

/**
 * A batch ends at this many items: main parses it in one turn of its event loop, and what it makes of
 * them should be translated and dropped before the next collection of young garbage.
 */
const batchItems = 32;
/** … or at this many characters. */
const batchCharacters = 64 * 1024;

/** Not the id of any item: those begin with their kind and a slash. */
const commitKey = "commit";

interface Change {
  /** Undefined: the item is gone. */
  text: string | undefined;
  /** Epoch ms of the oldest change it stands for. */
  readonly seenAt: number;
}

export interface ChangeBatch {
  readonly upserts: string[];
  readonly upsertsSeenAt: number[];
  readonly removals: string[];
  readonly removalsSeenAt: number[];
  commit?: Commit;
}

export class PendingChanges {
  readonly #waiting = new Map<string, Change | Commit>();

  get size(): number {
    return this.#waiting.size;
  }

  /** The end of a listing waits. */
  get hasCommit(): boolean {
    return this.#waiting.has(commitKey);
  }

  /** True when more waits than fits in one batch. */
  get full(): boolean {
    return this.#waiting.size >= batchItems;
  }

  /** @param text the item's text, or undefined when it is gone. */
  set(id: string, text: string | undefined, seenAt: number): void {
    const waiting = this.#waiting.get(id) as Change | undefined;
    if (waiting) waiting.text = text;
    else this.#waiting.set(id, { text, seenAt });
  }

  /** Puts a commit behind everything that waits; one that waits already is joined with it. */
  commit(commit: Commit): void {
    for (const id of commit.gone) this.#waiting.delete(id);
    const earlier = this.#waiting.get(commitKey) as Commit | undefined;
    this.#waiting.delete(commitKey);
    // What waits behind the earlier commit has a newer word than to be gone by it.
    const gone = earlier ? [...new Set([...earlier.gone.filter((id) => !this.#waiting.has(id)), ...commit.gone])] : commit.gone;
    this.#waiting.set(commitKey, { ...commit, gone });
  }

  /** Takes the next batch out; it ends with a commit if it reaches one. */
  take(): ChangeBatch {
    const batch: ChangeBatch = { upserts: [], upsertsSeenAt: [], removals: [], removalsSeenAt: [] };
    let items = 0;
    let characters = 0;
    for (const [id, entry] of this.#waiting) {
      if (items >= batchItems || characters >= batchCharacters) break;
      this.#waiting.delete(id);
      if ("gone" in entry) {
        batch.commit = entry;
        break;
      }
      items++;
      if (entry.text === undefined) {
        batch.removals.push(id);
        batch.removalsSeenAt.push(entry.seenAt);
      } else {
        characters += entry.text.length;
        batch.upserts.push(id, entry.text);
        batch.upsertsSeenAt.push(entry.seenAt);
      }
    }
    return batch;
  }
}
