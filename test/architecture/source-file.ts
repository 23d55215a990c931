/** The source files of the program and what each of them imports. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const src = fileURLToPath(new URL("../../src/", import.meta.url));

export interface Import {
  /** A path relative to `src/`, or the name of a package. */
  readonly target: string;
  readonly typeOnly: boolean;
}

export interface SourceFile {
  /** Relative to `src/`, with forward slashes. */
  readonly path: string;
  /** The first folder: `catalog`, `mesh`, … */
  readonly room: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

/** Everything that people wrote; generated code is not among it. */
export function sourceFiles(): SourceFile[] {
  return globSync("**/*.ts", { cwd: src })
    .map((file) => file.replaceAll(path.sep, "/"))
    .filter((file) => roomOf(file) !== "gen")
    .sort()
    .map((file) => {
      const text = readFileSync(path.join(src, file), "utf8");
      return { path: file, room: roomOf(file), lines: text.split("\n").length - 1, imports: readImports(file, text) };
    });
}

export function roomOf(file: string): string {
  return file.split("/")[0] ?? "";
}

/** Static and dynamic imports, and files named by `new URL(…, import.meta.url)`. */
export function readImports(file: string, text: string): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const fromClauses = code.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?\bfrom\s+"([^"]+)"/gms);
  const others = code.matchAll(/\bimport\s*\(\s*"([^"]+)"|^import\s+"([^"]+)"/gm);
  const resolve = (specifier: string) =>
    specifier.startsWith(".") ? path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier)) : specifier;
  return [
    ...Array.from(fromClauses, ([, type, specifier]) => ({ target: resolve(specifier ?? ""), typeOnly: type !== undefined })),
    ...Array.from(others, ([, dynamic, bare]) => ({ target: resolve(dynamic ?? bare ?? ""), typeOnly: false })),
  ];
}
