/** Joins what other files and the command line say with the configuration itself, before any of it is checked. */
import { dirname, resolve } from "node:path";
import { type Position, TributaryError } from "../../errors/tributary-error.ts";
import type { Secret } from "../../log/redact.ts";
import { type ConfigDocument, type Path, readDocument } from "../document.ts";
import { readBoundedFile } from "../files/bounded-file.ts";
import { resolveSecrets, type SecretSources } from "../secrets.ts";
import { foreignFile, type Section } from "./foreign-values.ts";
import { type ImportedConfig, importMultiCluster } from "./multi-cluster.ts";
import { importMultiRegistry } from "./multi-registry.ts";

export interface JoinOptions {
  /** Of the configuration; relative paths count from its folder. */
  readonly file: string;
  readonly sources: SecretSources;
  readonly commandLine: CommandLineConfig | undefined;
  /** Nothing is joined. Default false. */
  readonly ignored?: boolean | undefined;
}

/** What the command line says, in the form of the configuration; it may hold references. */
export interface CommandLineConfig {
  readonly registries: readonly Section[];
  readonly imports: Section;
}

export interface JoinedConfig {
  /** To be checked. */
  readonly value: unknown;
  /** The configuration's document, which also knows where joined values come from. */
  readonly document: ConfigDocument;
  readonly secrets: readonly Secret[];
  /** Absolute paths of what was read. */
  readonly files: readonly string[];
  readonly errors: readonly TributaryError[];
  readonly warnings: readonly TributaryError[];
  /** Ids of what was joined. */
  readonly imported: ImportedIds;
  /** Whether a value comes from elsewhere: it is not to be repeated. */
  isJoined(path: Path): boolean;
}

export interface ImportedIds {
  readonly registries: ReadonlySet<unknown>;
  readonly clusters: ReadonlySet<unknown>;
}

/** As much as a ConfigMap can hold. */
const maxBytes = 1024 * 1024;

const importers = {
  multiCluster: { convert: importMultiCluster, enabledBy: "multiClusterEnabled" },
  multiRegistry: { convert: importMultiRegistry, enabledBy: "multiRegistryEnabled" },
} as const;

export function joinImports(value: unknown, document: ConfigDocument, options: JoinOptions): JoinedConfig {
  const own = isSection(value) ? value : {};
  const imports = { ...(isSection(own.imports) ? own.imports : {}), ...options.commandLine?.imports };
  const joined = new Joining(own, document);
  if (options.commandLine !== undefined) joined.commandLine(options.commandLine.registries, options);
  for (const [name, { convert, enabledBy }] of Object.entries(importers)) {
    const path = imports[name];
    if (typeof path === "string" && path !== "")
      joined.read(resolve(dirname(options.file), path), convert, imports[enabledBy] === true, options.sources);
  }
  // What is of the wrong form is left to the schema.
  if (options.ignored || !joined.isAny || (value !== undefined && value !== null && !isSection(value))) {
    return {
      value,
      document,
      secrets: [],
      files: [],
      errors: [],
      warnings: [],
      imported: { registries: new Set(), clusters: new Set() },
      isJoined: () => false,
    };
  }
  return joined.result(imports);
}

class Joining {
  readonly #own: Section;
  readonly #document: ConfigDocument;
  readonly #registries: { readonly value: Section; readonly position: Position }[] = [];
  readonly #clusters: { readonly value: Section; readonly position: Position }[] = [];
  readonly #secrets: Secret[] = [];
  readonly #files: string[] = [];
  readonly #errors: TributaryError[] = [];
  readonly #warnings: TributaryError[] = [];
  #health: Section = {};

  constructor(own: Section, document: ConfigDocument) {
    this.#own = own;
    this.#document = document;
  }

  get isAny(): boolean {
    return this.#registries.length > 0 || this.#files.length > 0;
  }

  /** References in it count from the configuration's folder. */
  commandLine(registries: readonly Section[], { file, sources }: JoinOptions): void {
    const name = "the command line";
    const resolved = resolveSecrets(readDocument(JSON.stringify(registries), name), file, sources);
    this.#errors.push(...resolved.errors);
    this.#secrets.push(...resolved.secrets);
    this.#files.push(...resolved.files);
    for (const value of resolved.value as readonly Section[]) this.#registries.push({ value, position: { file: name } });
  }

  read(
    file: string,
    convert: (content: unknown, isEnabled: boolean, file: ReturnType<typeof foreignFile>) => ImportedConfig,
    isEnabled: boolean,
    sources: SecretSources,
  ): void {
    this.#files.push(file);
    let text: string;
    try {
      text = readBoundedFile(file, maxBytes);
    } catch (error) {
      const message = `cannot be read: ${(error as Error).message}`;
      this.#errors.push(new TributaryError("CONFIG_UNREADABLE", message, { position: { file }, cause: error }));
      return;
    }
    const document = readDocument(text, file);
    this.#errors.push(...document.errors);
    if (document.errors.length > 0) return;
    const resolved = resolveSecrets(document, file, sources);
    this.#errors.push(...resolved.errors);
    this.#secrets.push(...resolved.secrets);
    this.#files.push(...resolved.files);
    const told = (list: TributaryError[]) => (path: Path, message: string) =>
      void list.push(new TributaryError("CONFIG_INVALID", message, { position: document.keyPosition(path) }));
    const imported = convert(resolved.value, isEnabled, foreignFile({ warn: told(this.#warnings), fail: told(this.#errors) }));
    const folder = dirname(file);
    const { reader } = imported;
    const hasReader = listIn(this.#own.registries).some((own) => isSection(own) && own.type === reader?.value.type);
    const registries = reader === undefined || hasReader ? imported.registries : [...imported.registries, reader];
    for (const { value, path } of registries) this.#registries.push({ value, position: document.valuePosition(path) });
    for (const { value, path } of imported.clusters) {
      this.#clusters.push({ value: beside(folder, value), position: document.valuePosition(path) });
    }
    this.#health = { ...this.#health, ...imported.health };
  }

  result(imports: Section): JoinedConfig {
    const { registries, clusters } = this.#own;
    const ownRegistries = listIn(registries);
    const section = isSection(clusters) ? clusters : {};
    const ownClusters = listIn(section.list);
    const list = [...ownClusters, ...this.#clusters.map(({ value }) => value)];
    const health = { ...this.#health, ...(isSection(section.health) ? section.health : {}) };
    return {
      value: {
        ...this.#own,
        imports,
        registries: [...ownRegistries, ...this.#registries.map(({ value }) => value)],
        clusters: { ...section, list, ...(Object.keys(health).length > 0 && { health }) },
      },
      ...this.#positions(ownRegistries.length, ownClusters.length),
      secrets: this.#secrets,
      files: this.#files,
      errors: this.#errors,
      warnings: this.#warnings,
      imported: {
        registries: new Set(this.#registries.map(({ value }) => value.id)),
        clusters: new Set(this.#clusters.map(({ value }) => value.id)),
      },
    };
  }

  /** What was joined stands in its own file. */
  #positions(registries: number, clusters: number): Pick<JoinedConfig, "document" | "isJoined"> {
    const document = this.#document;
    const joined = (path: Path): Position | undefined => {
      const [section, second, third] = path;
      if (section === "registries" && typeof second === "number") return this.#registries[second - registries]?.position;
      if (section === "clusters" && second === "list" && typeof third === "number") return this.#clusters[third - clusters]?.position;
      return undefined;
    };
    return {
      isJoined: (path) => joined(path) !== undefined,
      document: {
        ...document,
        valuePosition: (path) => joined(path) ?? document.valuePosition(path),
        keyPosition: (path) => joined(path) ?? document.keyPosition(path),
      },
    };
  }
}

function beside(folder: string, cluster: Section): Section {
  const { kubeconfig } = cluster;
  return typeof kubeconfig === "string" ? { ...cluster, kubeconfig: resolve(folder, kubeconfig) } : cluster;
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
