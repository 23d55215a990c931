/** A registry as its journal sees it: a map of items that tests change. */
import type { JournalEntry, KeptItem, KeptSource } from "../../src/last-known-good/journal-entry.ts";
import { type JournalContents, type JournalReading, readJournal } from "../../src/last-known-good/journal-reading.ts";

export const owner = { registry: "zk", kind: "zookeeper" };

export function keptItem(text: string, more: Partial<KeptItem> = {}): KeptItem {
  return { text, ports: "", emptySince: undefined, firstSeen: 1.5, lastSeen: 2.5, ...more };
}

export class KeptModel implements KeptSource {
  readonly items = new Map<string, KeptItem>();
  readonly expired = new Set<string>();
  complete = false;

  ids(): Iterable<string> {
    return [...this.items.keys(), ...this.expired];
  }
  entry(id: string): JournalEntry {
    const item = this.items.get(id);
    if (item !== undefined) return { what: "kept", id, item };
    return { what: this.expired.has(id) ? "expired" : "gone", id };
  }
  isComplete(): boolean {
    return this.complete;
  }
  characters(): number {
    return [...this.items.values()].reduce((sum, { text }) => sum + text.length, 0);
  }
  /** To compare with what was read. */
  state(): unknown {
    return stateOf(this.items, this.expired, this.complete);
  }
}

export function read(file: Buffer, of = owner): JournalReading {
  const reading = readJournal(file, of);
  for (;;) {
    const { done, value } = reading.next();
    if (done) return value;
  }
}

export function contentsOf(file: Buffer): JournalContents {
  const reading = read(file);
  if (reading.is !== "read") throw new Error(JSON.stringify(reading));
  return reading.contents;
}

export function stateRead(contents: JournalContents): unknown {
  return stateOf(contents.items(), contents.expired, contents.isComplete);
}

function stateOf(items: Iterable<readonly [string, KeptItem]>, expired: Iterable<string>, complete: boolean): unknown {
  return { items: Object.fromEntries([...items].sort()), expired: [...expired].sort(), complete };
}
