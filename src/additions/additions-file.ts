/** The file `additions` in the folder of last-known-good: what was added at run time, for the next start. */
import type { StateFile } from "../last-known-good/state-file.ts";
import { type Additions, noAdditions } from "./addition.ts";
import { additionsText, readAdditions } from "./additions-text.ts";

export class AdditionsFile {
  readonly #file: StateFile;

  constructor(file: StateFile) {
    this.#file = file;
  }

  /** What an earlier process wrote. Whatever is wrong with the file is logged, and costs what is in it. */
  async read(): Promise<Additions> {
    const text = await this.#file.read();
    if (text === undefined) return noAdditions;
    const additions = readAdditions(text);
    if (additions === undefined) this.#file.setAside("it is not made of additions");
    return additions ?? noAdditions;
  }

  /** Resolves once it is safe from a power failure. Rejects with what the disk says; the file is then as it was. */
  async write(additions: Additions): Promise<void> {
    await this.#file.write(additionsText(additions));
  }
}
