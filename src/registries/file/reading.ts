/**
 * Reads plain values out of a document and says what does not fit, and where. Small on purpose:
 * a validation library would double the time until the first file is read.
 */
import type { Problem } from "../contract.ts";
import type { Item } from "../service.ts";
import type { Path, SourceDocument } from "./source-document.ts";

/** Characters of any name, label or annotation. */
const longestText = 16_384;
const mostLabels = 1_000;

export type Mapping = Readonly<Record<string, unknown>>;

/** An item, and where it stands. */
export interface PlacedItem {
  readonly item: Item;
  /** Text, not a look-up: a look-up would keep the whole document in memory. */
  readonly place: string;
}

/** What a document gives: its good items, and the ids of those that cannot be read now but keep their last state. */
export class Reading {
  readonly items: PlacedItem[] = [];
  readonly problems: Problem[] = [];
  readonly unreadable: string[] = [];
  readonly #document: SourceDocument;
  #unknownKeys = 0;

  constructor(document: SourceDocument) {
    this.#document = document;
  }

  problem(code: string, path: Path, message: string): void {
    this.problems.push({ code, where: this.#document.where(path), message });
  }

  /** Problems so far that cost what they are about; an unknown key is only ignored. */
  get failures(): number {
    return this.problems.length - this.#unknownKeys;
  }

  add(item: Item, path: Path): void {
    this.items.push({ item, place: this.#document.place(path) });
  }

  mapping(value: unknown, path: Path, what: string): Mapping | undefined {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Mapping;
    this.problem("bad-value", path, `${what} must be a mapping, not ${describe(value)}`);
    return undefined;
  }

  /** Absent is empty; anything but a list is a problem and empty. */
  list(value: unknown, path: Path, what: string): readonly unknown[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value;
    this.problem("bad-value", path, `${what} must be a list, not ${describe(value)}`);
    return [];
  }

  /** Absent and empty are the same. `null` says that the value is there and bad. */
  text(value: unknown, path: Path, what: string): string | undefined | null {
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value === "string" && value.length <= longestText) return value;
    const hint = typeof value === "number" || typeof value === "boolean" ? "; put it in quotes" : "";
    this.problem("bad-value", path, `${what} must be a text, not ${describe(value)}${hint}`);
    return null;
  }

  /** One of a few words. */
  word<Word extends string>(value: unknown, words: readonly Word[], path: Path, what: string): Word | undefined {
    if (value === undefined || value === null) return undefined;
    if (words.includes(value as Word)) return value as Word;
    this.problem("bad-value", path, `${what} must be one of ${words.join(", ")}, not ${describe(value)}`);
    return undefined;
  }

  /** Text by text; numbers and booleans are taken as they are written. A bad entry costs only itself. */
  texts(value: unknown, path: Path, what: string): Readonly<Record<string, string>> | undefined {
    if (value === undefined || value === null) return undefined;
    const mapping = this.mapping(value, path, what);
    if (!mapping) return undefined;
    const good: [string, string][] = [];
    for (const [key, entry] of Object.entries(mapping)) {
      const written = typeof entry === "number" || typeof entry === "boolean" ? String(entry) : entry;
      if (good.length >= mostLabels) {
        this.problem("bad-value", path, `${what} has more than ${mostLabels} entries; the rest is left out`);
        break;
      }
      if (typeof written === "string" && written.length <= longestText && key.length <= longestText) good.push([key, written]);
      else this.problem("bad-value", [...path, key], `${what}: ${key.slice(0, 100)} must be a text, not ${describe(entry)}`);
    }
    // `fromEntries` defines own properties, so that a key such as __proto__ is only a key.
    return good.length > 0 ? Object.fromEntries(good) : undefined;
  }

  /** Says which keys nobody reads: most often a slip of the pen. */
  knownKeys(mapping: Mapping, known: readonly string[], path: Path, what: string): void {
    for (const key of Object.keys(mapping)) {
      if (known.includes(key)) continue;
      this.#unknownKeys++;
      this.problem("unknown-key", [...path, key], `${what} has no key ${JSON.stringify(key.slice(0, 100))}; known: ${known.join(", ")}`);
    }
  }
}

/** A value as an error message shows it. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  const text = JSON.stringify(value) ?? typeof value;
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
