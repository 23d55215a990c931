import type { Problem } from "../../contract.ts";
import { nameFilter } from "../glob.ts";
import { readableNames } from "../readable-names.ts";
import { BadEscape, decodeNodeName } from "./node-name.ts";
import { notInterfaces } from "./paths.ts";

/** Chooses the root's children that may be interfaces, and decodes their names. */
export class InterfaceNames {
  readonly #wanted: (name: string) => boolean;
  readonly #report: (problem: Problem) => void;

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
    return [...byName.values()];
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
