/** A journal without history, piece by piece: what is true of a registry's items when their turn comes. */
import { encodeEntries } from "./journal-entries.ts";
import type { JournalEntry, KeptSource } from "./journal-entry.ts";
import { encodeHeader, type JournalOwner } from "./journal-header.ts";

/** Characters of text in one frame; encoding and writing that takes less than a millisecond. */
const frameCharacters = 128 * 1024;

/** The header, then a frame each. */
export function* journalCopy(owner: JournalOwner, source: KeptSource): Generator<Buffer, void> {
  yield encodeHeader(owner);
  let entries: JournalEntry[] = [];
  let characters = 0;
  for (const id of [...source.ids()]) {
    const entry = source.entry(id);
    if (entry.what === "gone") continue;
    entries.push(entry);
    characters += entry.what === "kept" ? entry.item.text.length : 0;
    if (characters < frameCharacters) continue;
    yield encodeEntries(entries);
    entries = [];
    characters = 0;
  }
  if (source.isComplete()) entries.push({ what: "complete" });
  if (entries.length > 0) yield encodeEntries(entries);
}
