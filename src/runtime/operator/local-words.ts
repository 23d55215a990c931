/** What operators said to this replica alone, and its form in a file. Pure. */

/** Who said it, and when (epoch ms). */
export interface LocalWord {
  readonly by: string;
  readonly since: number;
}

/** By the id of a registry or of its source in a cluster; `*`: all. */
export interface LocalWords {
  readonly frozen: ReadonlyMap<string, LocalWord>;
  readonly paused: ReadonlyMap<string, LocalWord>;
}

export type WordKind = keyof LocalWords;

/** Stands for all registries; no id. */
export const everything = "*";
export const noWords: LocalWords = { frozen: new Map(), paused: new Map() };

/** A word as long as this names nobody. */
const longest = 1_024;

/** With a word more, or one less. The same object if that changes nothing. */
export function withWord(words: LocalWords, kind: WordKind, name: string, word: LocalWord | undefined): LocalWords {
  if (words[kind].has(name) === (word !== undefined)) return words;
  const changed = new Map(words[kind]);
  if (word === undefined) changed.delete(name);
  else changed.set(name, word);
  return { ...words, [kind]: changed };
}

export function wordsText({ frozen, paused }: LocalWords): string {
  return `${JSON.stringify({ frozen: Object.fromEntries(frozen), paused: Object.fromEntries(paused) }, undefined, 1)}\n`;
}

/** Undefined: the text is none of ours. */
export function readWords(text: string): LocalWords | undefined {
  try {
    const { frozen, paused } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const words = { frozen: readKind(frozen), paused: readKind(paused) };
    return words.frozen && words.paused && { frozen: words.frozen, paused: words.paused };
  } catch {
    return undefined;
  }
}

function readKind(value: unknown): ReadonlyMap<string, LocalWord> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const words = new Map<string, LocalWord>();
  for (const [name, word] of Object.entries(value)) {
    const { by, since } = (word ?? {}) as Partial<LocalWord>;
    if (name.length > longest || typeof by !== "string" || by.length > longest) return undefined;
    if (!Number.isSafeInteger(since) || Math.abs(since as number) > maxInstant) return undefined;
    words.set(name, { by, since: since as number });
  }
  return words;
}

/** As far as dates go. */
const maxInstant = 8.64e15;
