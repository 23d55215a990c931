/** Reads the loosely typed values of another program's configuration file, and names what was not understood. */
import { describePath, type Path } from "../document.ts";

export type Section = Readonly<Record<string, unknown>>;

export interface ForeignFile {
  /** Of a list or a map that is missing: empty. A value of another form is an error. */
  section(value: unknown, path: Path): Section;
  list(value: unknown, path: Path): readonly unknown[];
  /** Says that the keys of a section, but for those named, mean nothing here. */
  ignore(section: Section, path: Path, but: readonly string[], why?: string): void;
  warn(path: Path, message: string): void;
  fail(path: Path, message: string): void;
}

/** @param told of warnings and errors, each with the path it is about */
export function foreignFile(told: { warn(path: Path, text: string): void; fail(path: Path, text: string): void }): ForeignFile {
  const warn = (path: Path, message: string): void => told.warn(path, `${describePath(path)}: ${message}`);
  const fail = (path: Path, message: string): void => told.fail(path, `${describePath(path)}: ${message}`);
  return {
    warn,
    fail,
    section(value, path) {
      if (value === undefined || value === null) return {};
      if (typeof value === "object" && !Array.isArray(value)) return value as Section;
      fail(path, "a map is expected");
      return {};
    },
    list(value, path) {
      if (value === undefined || value === null) return [];
      if (Array.isArray(value)) return value;
      fail(path, "a list is expected");
      return [];
    },
    ignore(section, path, but, why = "it means nothing here and is ignored") {
      for (const key of Object.keys(section)) if (!but.includes(key)) warn([...path, key], why);
    },
  };
}

/** What is there of these, under the names it has here; empty texts count as absent. */
export function renamed(section: Section, names: Readonly<Record<string, string>>): Section {
  return Object.fromEntries(
    Object.entries(names).flatMap(([theirs, ours]) => {
      const value = section[theirs];
      return value === undefined || value === null || value === "" ? [] : [[ours, value]];
    }),
  );
}
