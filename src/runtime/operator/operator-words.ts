/**
 * What operators want of each registry: what the configuration says to all replicas, and what was
 * said to this one alone, which survives a restart where there is a folder for it.
 */
import type { OperatorWord, RegistryConfig } from "../../config/schema.ts";
import type { StateFile } from "../../last-known-good/state-file.ts";
import { registryOf } from "../../registries/source-id.ts";
import { everything, type LocalWord, type LocalWords, noWords, readWords, type WordKind, withWord, wordsText } from "./local-words.ts";

export class OperatorWords {
  readonly #file: StateFile | undefined;
  #words: LocalWords;
  /** One write after the other. */
  #last: Promise<unknown> = Promise.resolve();

  /** `file`: absent, nothing survives a restart. */
  constructor(file?: StateFile, words: LocalWords = noWords) {
    this.#file = file;
    this.#words = words;
  }

  /** With what an earlier process was told. */
  static async open(file: StateFile): Promise<OperatorWords> {
    const text = await file.read();
    const words = text === undefined ? noWords : readWords(text);
    if (words === undefined) file.setAside("its content is not understood");
    return new OperatorWords(file, words);
  }

  get local(): LocalWords {
    return this.#words;
  }

  /** What holds for a registry, or for its source in a cluster. `freeze`: the configuration's, for all. */
  of({ id, frozen, paused }: Pick<RegistryConfig, "id" | "frozen" | "paused">, freeze: boolean): OperatorWord {
    const why = { frozen: freeze ? "freeze" : frozen ? "frozen" : undefined, paused: paused ? "paused" : undefined };
    const word = (kind: WordKind): string | undefined => {
      if (why[kind] !== undefined) return `by \`${why[kind]}\` in the configuration`;
      const [local] = this.about(kind, id);
      return local && `by ${local.by} on this replica, since ${new Date(local.since).toISOString()}`;
    };
    return { frozen: word("frozen"), paused: word("paused") };
  }

  /** The local words of a kind that concern a registry or source, the nearest first. */
  about(kind: WordKind, id: string): readonly (LocalWord & { readonly name: string })[] {
    return [...new Set([id, registryOf(id), everything])].flatMap((name) => {
      const word = this.#words[kind].get(name);
      return word === undefined ? [] : [{ ...word, name }];
    });
  }

  /** Whether that changes anything. */
  set(kind: WordKind, name: string, word: LocalWord | undefined): boolean {
    const before = this.#words;
    this.#words = withWord(before, kind, name, word);
    return this.#words !== before;
  }

  /** The registry left the configuration: what was said of it, or of its sources, does not outlive it. */
  forget(registry: string): void {
    const before = this.#words;
    for (const kind of ["frozen", "paused"] as const) {
      for (const name of before[kind].keys()) if (registryOf(name) === registry) this.set(kind, name, undefined);
    }
    if (this.#words !== before) void this.keep();
  }

  /** Writes what holds now. Resolves with why it does not survive a restart; undefined: it does. */
  async keep(): Promise<string | undefined> {
    const file = this.#file;
    if (file === undefined) return "no lastKnownGood.folder is configured";
    const written = this.#last.then(() => file.write(wordsText(this.#words)));
    this.#last = written.catch(() => {});
    try {
      await written;
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }
}
