/** The parts of a kubeconfig that count, from its YAML as it is written: what a library's typed object leaves out is seen, too. */
import { parse } from "yaml";

type Section = Readonly<Record<string, unknown>>;

export interface NamedSection {
  readonly name: string;
  readonly value: Section;
}

export interface KubeconfigDocument {
  readonly currentContext: string | undefined;
  readonly clusters: readonly NamedSection[];
  readonly users: readonly NamedSection[];
  readonly contexts: readonly NamedSection[];
}

/** A Secret has at most 1 MiB; characters. */
const longest = 1024 * 1024;
/** One kubeconfig names few clusters. */
const mostSections = 1_000;

/** @throws Error whose message says what is wrong, without a word of the content */
export function parseKubeconfig(text: string): KubeconfigDocument {
  if (text.length > longest) throw new Error(`it is longer than ${longest} characters`);
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 0, logLevel: "error" });
  } catch (error) {
    // The message of the parser would quote a line, and a line may hold a token.
    const { linePos } = error as { linePos?: readonly { readonly line: number }[] };
    throw new Error(`it is no YAML${linePos?.[0] ? ` (line ${linePos[0].line})` : ""}`);
  }
  if (!isSection(value)) throw new Error("it is no kubeconfig: a mapping is expected");
  const context = value["current-context"];
  return {
    currentContext: typeof context === "string" && context !== "" ? context : undefined,
    clusters: sections(value, "clusters", "cluster"),
    users: sections(value, "users", "user"),
    contexts: sections(value, "contexts", "context"),
  };
}

function sections(document: Section, list: string, key: string): NamedSection[] {
  const entries = document[list] ?? [];
  if (!Array.isArray(entries)) throw new Error(`\`${list}\` is no list`);
  if (entries.length > mostSections) throw new Error(`\`${list}\` has more than ${mostSections} entries`);
  return entries.map((entry: unknown, at) => {
    const name = isSection(entry) ? entry.name : undefined;
    if (!isSection(entry) || typeof name !== "string") throw new Error(`${list}[${at}] has no name`);
    const value = entry[key] ?? {};
    if (!isSection(value)) throw new Error(`${list}[${at}].${key} is no mapping`);
    return { name, value };
  });
}

function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
