/**
 * An excerpt of a configuration: registries, or clusters, that are added to the one in effect. The same form, the same
 * checks and the same messages with positions as in the file; any other key is refused.
 */
import { dirname, resolve } from "node:path";
import { TributaryError } from "../errors/tributary-error.ts";
import type { Secret } from "../log/redact.ts";
import { ConfigErrors } from "./config-errors.ts";
import { describePath, type Path, pathText, readDocument } from "./document.ts";
import { clustersBeside, registriesBeside } from "./files/absolute-paths.ts";
import { explainIssues, holds } from "./issues.ts";
import { type ParseOptions, secretSources, told } from "./load.ts";
import { checkRules } from "./rules/rules.ts";
import { type ClusterConfig, type Config, configSchema, type RegistryConfig } from "./schema.ts";
import { resolveSecrets } from "./secrets.ts";
import { configShape } from "./shape.ts";

export type ExcerptSection = "registries" | "clusters";

export interface ExcerptOptions extends Pick<ParseOptions, "file" | "kinds" | "rules" | "env" | "readFile"> {
  /** The only section that it may have; of `clusters` only the `list`. */
  readonly section: ExcerptSection;
  /** How messages call it. `file` is the configuration's: paths and references count from its folder. */
  readonly shownAs: string;
  /** What it is added to, as far as rules ask. */
  readonly base: Config;
}

/** An entry of a list, and how it is written: with references instead of what they stand for. */
export interface ExcerptEntry<T> {
  readonly config: T;
  readonly written: object;
}

export interface Excerpt {
  readonly registries: readonly ExcerptEntry<RegistryConfig>[];
  readonly clusters: readonly ExcerptEntry<ClusterConfig>[];
  readonly secrets: readonly Secret[];
  /** Absolute paths of the secret files that it names. */
  readonly files: readonly string[];
}

/** Characters; it is read on the thread that answers istiod. */
const longest = 64 * 1024;
const namesSecret = /password|secret|token/i;

/** @throws ConfigErrors with every problem found */
export function parseExcerpt(text: string, options: ExcerptOptions): Excerpt {
  const { shownAs, section, kinds, base } = options;
  const fail = (message: string): never => {
    throw new ConfigErrors([new TributaryError("CONFIG_UNREADABLE", message, { position: { file: shownAs } })]);
  };
  if (text.length > longest) fail(`longer than ${longest} characters`);
  const document = readDocument(text, shownAs);
  if (document.errors.length > 0) throw new ConfigErrors(told(document.errors, []));
  const file = resolve(options.file);
  const { value, secrets, files, errors, written, unresolved } = resolveSecrets(document, file, secretSources(options));
  const result = configSchema(kinds)
    .pick({ [section]: true } as { registries: true })
    .safeParse(value);
  const found = [...errors, ...checkRules(value, document), ...otherKeys(value, document.keyPosition)];
  for (const path of plainSecrets(value, (at) => written.has(pathText(at)))) {
    const message = `${describePath(path)}: expected a reference, \${env:NAME} or \${file:PATH}: what is added is stored, and told to whoever asks`;
    found.push(new TributaryError("CONFIG_INVALID", message, { position: document.valuePosition(path) }));
  }
  if (!result.success) {
    const context = { document, value, shape: configShape(kinds), isSecret: (path: Path) => holds(written.keys(), path) };
    found.push(...explainIssues(result.error.issues, context, unresolved));
    throw new ConfigErrors(told(found, secrets), files);
  }
  const { registries = [], clusters = { ...base.clusters, list: [] } } = result.data as unknown as Partial<Config>;
  // Rules are about what is added, beside what is there already.
  const joined = { ...base, registries, clusters: { ...base.clusters, list: [...clusters.list, ...base.clusters.list] } };
  for (const rule of options.rules ?? []) found.push(...rule(joined, document.valuePosition));
  if (found.length > 0) throw new ConfigErrors(told(found, secrets), files);
  const folder = dirname(file);
  return {
    registries: entries(registriesBeside(folder, registries, kinds), listIn(document.value, "registries")),
    clusters: entries(clustersBeside(folder, clusters).list, listIn(document.value, "clusters", "list")),
    secrets,
    files,
  };
}

/** Of the section of the clusters, everything but the list is the file's alone. */
function otherKeys(value: unknown, keyPosition: (path: Path) => { file: string }): TributaryError[] {
  const { clusters } = (value ?? {}) as { clusters?: unknown };
  return Object.keys(typeof clusters === "object" && clusters !== null ? clusters : {})
    .filter((key) => key !== "list")
    .map((key) => {
      const position = keyPosition(["clusters", key]);
      return new TributaryError("CONFIG_INVALID", `clusters.${key} can be set in the configuration file only`, { position });
    });
}

/** User and password in an address, such as `http://user:password@host`. */
const holdsPassword = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s@]*:[^/?#\s]*@/i;

/** Texts that are secrets, by the name of their key or in an address, and stand there themselves. */
function plainSecrets(value: unknown, isReference: (path: Path) => boolean, path: Path = []): Path[] {
  if (typeof value === "string") {
    return (namesSecret.test(String(path.at(-1))) || holdsPassword.test(value)) && !isReference(path) ? [path] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    plainSecrets(item, isReference, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

function entries<T>(configs: readonly T[], written: readonly unknown[]): readonly ExcerptEntry<T>[] {
  return configs.map((config, at) => ({ config, written: written[at] as object }));
}

function listIn(value: unknown, ...keys: readonly string[]): readonly unknown[] {
  const list = keys.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value);
  return Array.isArray(list) ? list : [];
}
