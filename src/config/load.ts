/** The way of a configuration: text → values with positions → secrets → schema and rules → `Config`. */
import { dirname, resolve } from "node:path";
import { type Position, TributaryError } from "../errors/tributary-error.ts";
import { redact, type Secret } from "../log/redact.ts";
import type { RegistryKind } from "../registries/contract.ts";
import { ConfigErrors } from "./config-errors.ts";
import { type Path, readDocument } from "./document.ts";
import { withAbsolutePaths } from "./files/absolute-paths.ts";
import { readBoundedFile } from "./files/bounded-file.ts";
import { type CommandLineConfig, type ImportedIds, joinImports } from "./imports/join-imports.ts";
import { explainIssues, holds } from "./issues.ts";
import { checkRules } from "./rules/rules.ts";
import { type Config, configSchema } from "./schema.ts";
import { resolveSecrets, type SecretSources } from "./secrets.ts";
import { configShape } from "./shape.ts";

export interface LoadedConfig {
  readonly config: Config;
  /** Absolute path of the configuration file. */
  readonly file: string;
  /** Every value that came from a reference: hand them to whatever prints. */
  readonly secrets: readonly Secret[];
  /** What means nothing here or has no effect, in it and in imported files. */
  readonly warnings: readonly TributaryError[];
  /** Ids of registries and clusters that come from imported files and from the command line. */
  readonly imported: ImportedIds;
  /** Ids of those that were added while the process ran, or an earlier one on the same folder. */
  readonly added: ImportedIds;
  /** Absolute paths of the secret files, and of those that are imported. */
  readonly files: readonly string[];
  /** By `pathText`: the text as written, of every value that holds a reference. */
  readonly written: ReadonlyMap<string, string>;
  /** Where the value at a path stands in the file; of a default: where its section stands. */
  positionOf(path: Path): Position;
}

export interface ParseOptions extends Partial<SecretSources> {
  /** For positions, and the base of relative secret paths. */
  readonly file: string;
  readonly kinds: readonly RegistryKind[];
  /** Checks of other rooms, asked once the form is right; so that they too are told with positions. */
  readonly rules?: readonly ConfigRule[];
  /** The same for what may stand, but is hardly meant so: told as warnings. */
  readonly advice?: readonly ConfigRule[];
  /** What the command line says beside the file; the file may then be missing. */
  readonly commandLine?: CommandLineConfig | undefined;
  /** Other files are not read, and nothing of them counts. */
  readonly ignoreImports?: boolean;
}

/** Finds what no schema can see, such as a host template that does not parse. */
export type ConfigRule = (config: Config, positionOf: (path: Path) => Position) => readonly TributaryError[];

/** As much as a ConfigMap can hold; some thousand registries. */
export const maxConfigBytes = 1024 * 1024;
/** A certificate with its chain has a few KiB; a mounted Kubernetes Secret at most 1 MiB. */
const maxSecretBytes = 1024 * 1024;
/** More errors help nobody. */
const maxErrors = 100;

/**
 * Parses a configuration. Pure, but for reading secret files through `readFile`.
 *
 * @throws ConfigErrors with every problem found
 */
export function parseConfig(text: string, options: ParseOptions): LoadedConfig {
  const file = resolve(options.file);
  if (text.length > maxConfigBytes) {
    throw new ConfigErrors([
      new TributaryError("CONFIG_UNREADABLE", `larger than ${maxConfigBytes} bytes`, { position: { file: options.file } }),
    ]);
  }
  const source = readDocument(text, options.file);
  // What is not YAML has no reliable structure; complaints about it would mislead.
  if (source.errors.length > 0) throw new ConfigErrors(source.errors.slice(0, maxErrors));

  const sources = secretSources(options);
  const resolved = resolveSecrets(source, file, sources);
  const joined = joinImports(resolved.value, source, { file, sources, commandLine: options.commandLine, ignored: options.ignoreImports });
  const { document, value } = joined;
  const secrets = [...resolved.secrets, ...joined.secrets];
  const files = [...resolved.files, ...joined.files];
  const errors = [...resolved.errors, ...joined.errors, ...checkRules(value, document)];
  const result = configSchema(options.kinds).safeParse(value);
  if (!result.success) {
    const isSecret = (path: Path) => joined.isJoined(path) || holds(resolved.written.keys(), path);
    const context = { document, value, shape: configShape(options.kinds), isSecret };
    errors.push(...explainIssues(result.error.issues, context, resolved.unresolved));
  }
  if (result.success) {
    for (const rule of options.rules ?? []) errors.push(...rule(result.data as unknown as Config, document.valuePosition));
  }
  if (errors.length > 0) {
    throw new ConfigErrors(told(errors, secrets), files);
  }
  const advice = (options.advice ?? []).flatMap((rule) => rule(result.data as unknown as Config, document.valuePosition));
  return {
    config: withAbsolutePaths(result.data as unknown as Config, options.kinds, dirname(file)),
    file,
    secrets,
    files,
    warnings: [...joined.warnings, ...advice],
    imported: joined.imported,
    added: { registries: new Set(), clusters: new Set() },
    written: resolved.written,
    positionOf: document.valuePosition,
  };
}

/** Where references lead, unless the caller says otherwise: the environment and the disk. */
export function secretSources({ env = process.env, readFile }: Partial<SecretSources>): SecretSources {
  return { env, readFile: readFile ?? ((path) => readBoundedFile(path, maxSecretBytes)) };
}

/**
 * Reads and parses a configuration file.
 *
 * @throws ConfigErrors with every problem found, also when the file cannot be read
 */
export function loadConfig(file: string, options: Omit<ParseOptions, "file">): LoadedConfig {
  let text: string;
  try {
    text = readBoundedFile(file, maxConfigBytes);
  } catch (error) {
    if (options.commandLine !== undefined && isMissing(error)) return parseConfig("", { ...options, file });
    const message = `cannot read the configuration: ${(error as Error).message}`;
    throw new ConfigErrors([new TributaryError("CONFIG_UNREADABLE", message, { position: { file }, cause: error })]);
  }
  return parseConfig(text, { ...options, file });
}

function isMissing(error: unknown): boolean {
  return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
}

/** As many as help, without secrets. */
export function told(errors: readonly TributaryError[], secrets: readonly Secret[]): readonly TributaryError[] {
  return errors.slice(0, maxErrors).map((error) => withoutSecrets(error, secrets));
}

/** A kind's own check may repeat what it did not like. */
function withoutSecrets(error: TributaryError, secrets: readonly Secret[]): TributaryError {
  const message = redact(error.message, secrets);
  return message === error.message ? error : new TributaryError(error.code, message, { position: error.position, hint: error.hint });
}
