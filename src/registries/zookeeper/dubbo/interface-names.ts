import type { Problem } from "../../contract.ts";
import { nameFilter } from "../../name-filter.ts";
import { readableNames } from "../readable-names.ts";
import { BadEscape, decodeNodeName, encodeNodeName } from "./node-name.ts";
import { notInterfaces } from "./paths.ts";

/** Chooses the root's children that may be interfaces, and decodes their names. */
export class InterfaceNames {
  readonly #wanted: (name: string) => boolean;
  readonly #report: (problem: Problem) => void;
  /** Of the root's children, by name, when they were selected last. */
  #directories: ReadonlyMap<string, string> = new Map();

  constructor(
    { include, exclude }: { readonly include: readonly string[]; readonly exclude: readonly string[] },
    report: (problem: Problem) => void,
  ) {
    this.#wanted = nameFilter(include, exclude);
    this.#report = report;
  }

  /** Directories to follow. Two spellings of one name cannot both be followed: the smaller one is. */
  select(root: string, children: string[]): string[] {
    const byName = new Map<string, string>();
    for (const directory of readableNames(children, root, this.#report)) {
      if (notInterfaces.has(directory)) continue;
      const name = this.decoded(directory, root);
      if (name === undefined || !this.#wanted(name)) continue;
      const other = byName.get(name);
      if (other !== undefined) {
        const [kept, left] = other < directory ? [other, directory] : [directory, other];
        this.#report({
          code: "duplicate-interface",
          where: `${root}/${left}`,
          message: `the same name as ${root}/${kept}, which is followed`,
        });
        byName.set(name, kept);
      } else byName.set(name, directory);
    }
    this.#directories = byName;
    return [...byName.values()];
  }

  /** Whether the root had a directory of this name when its children were selected last. */
  has(name: string): boolean {
    return this.#directories.has(name);
  }

  /** The root's directory of this name, or else the one that Dubbo would make. */
  directory(name: string): string {
    return this.#directories.get(name) ?? encodeNodeName(name);
  }

  isWanted(name: string): boolean {
    return this.#wanted(name);
  }

  decoded(directory: string, root = ""): string | undefined {
    try {
      return decodeNodeName(directory);
    } catch (error) {
      if (!(error instanceof BadEscape)) throw error;
      this.#report({ code: "bad-escape", where: `${root}/${directory}`, message: error.message });
      return undefined;
    }
  }
}
