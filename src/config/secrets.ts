/**
 * References in string values: `${env:NAME}` and `${file:PATH}`, several per string; `$${` is a plain `${`.
 * A relative path counts from the configuration file's folder; newlines at the end of a file are dropped.
 */
import { dirname, resolve } from "node:path";
import { didYouMean } from "../errors/nearest.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import type { Secret } from "../log/redact.ts";
import { type ConfigDocument, describePath, type Path, pathText } from "./document.ts";

export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Gives the text of a secret file, or throws an Error whose message says why not. */
  readonly readFile: (path: string) => string;
}

export interface ResolvedSecrets {
  /** The document's value with every reference replaced. */
  readonly value: unknown;
  readonly secrets: readonly Secret[];
  /** Absolute paths of the files that were named, read or not: a reload watches them all. */
  readonly files: readonly string[];
  /** By `pathText`: the text as written, of every value that holds a reference. */
  readonly written: ReadonlyMap<string, string>;
  /** By `pathText`: values with a reference that could not be resolved; they hold a stand-in. */
  readonly unresolved: ReadonlySet<string>;
  readonly errors: readonly TributaryError[];
}

const reference = /(\$?)\$\{([^}]*)(\}?)/g;
/** More are not told anyway. */
const maxErrors = 100;
const schemes = ["env", "file"];

export function resolveSecrets(document: ConfigDocument, file: string, sources: SecretSources): ResolvedSecrets {
  const secrets = new Map<string, Secret>();
  const files = new Set<string>();
  const fileTexts = new Map<string, string | Error>();
  const written = new Map<string, string>();
  const unresolved = new Set<string>();
  const errors: TributaryError[] = [];

  const readOnce = (path: string): string => {
    files.add(path);
    let text = fileTexts.get(path);
    if (text === undefined) {
      try {
        text = sources.readFile(path).replace(/[\r\n]+$/, "");
      } catch (error) {
        text = error as Error;
      }
      fileTexts.set(path, text);
    }
    if (text instanceof Error) throw new Error(`cannot read the secret file ${path}: ${text.message}`);
    return text;
  };

  const lookUp = (body: string, closed: boolean): string => {
    const [, scheme = "", name = ""] = /^([^:]*):?(.*)$/s.exec(body) ?? [];
    if (!closed) throw new Error("a reference ${ is not closed by }; write $${ for a plain ${");
    if (!schemes.includes(scheme) || name === "") {
      // `evn:NAME` is a slip worth a guess; the rest may be a value and is not repeated.
      const guess = !schemes.includes(scheme) && /^[a-z]{1,8}$/i.test(scheme) ? didYouMean(scheme, schemes) : "";
      throw new Error(`not a reference: expected \${env:NAME} or \${file:PATH}, or $\${ for a plain \${${guess}`);
    }
    if (scheme === "file") return readOnce(resolve(dirname(file), name));
    const value = Object.hasOwn(sources.env, name) ? sources.env[name] : undefined;
    if (value === undefined) throw new Error(`the environment variable ${name} is not set`);
    return value;
  };

  const resolveText = (text: string, path: Path): string => {
    if (!text.includes("${")) return text;
    return text.replace(reference, (whole, escaping: string, body: string, close: string) => {
      if (escaping !== "") return whole.slice(1);
      if (errors.length >= maxErrors) return "unresolved";
      written.set(pathText(path), text);
      try {
        const value = lookUp(body, close !== "");
        if (value !== "") secrets.set(value, { value, reference: whole });
        return value;
      } catch (error) {
        unresolved.add(pathText(path));
        const position = document.valuePosition(path);
        errors.push(new TributaryError("CONFIG_SECRET", `${describePath(path)}: ${(error as Error).message}`, { position }));
        return "unresolved";
      }
    });
  };

  const walk = (value: unknown, path: Path): unknown => {
    if (typeof value === "string") return resolveText(value, path);
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (typeof value !== "object" || value === null) return value;
    const result = {};
    for (const [key, item] of Object.entries(value)) {
      Object.defineProperty(result, key, { value: walk(item, [...path, key]), enumerable: true, writable: true, configurable: true });
    }
    return result;
  };
  return { value: walk(document.value, []), secrets: [...secrets.values()], files: [...files], written, unresolved, errors };
}
