/** What the schema found, in words for whoever wrote the file. Values are never repeated, they may be secrets; only words of a closed list are. */
import type { z } from "zod";
import { didYouMean } from "../errors/nearest.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { type ConfigDocument, describePath, isWithin, type Path, pathText } from "./document.ts";
import { knownKeys, type Shape } from "./shape.ts";

type Issue = z.core.$ZodIssue;

export interface IssueContext {
  readonly document: ConfigDocument;
  /** The value that was checked, secrets resolved. */
  readonly value: unknown;
  readonly shape: Shape;
  /** Whether the value at a path holds a secret, so that not even a word of a list may be repeated. */
  readonly isSecret: (path: Path) => boolean;
}

/**
 * All of them, but for those that are no news: the stand-in of an unresolved reference is wrong by nature.
 *
 * @param unresolved values with a reference that could not be resolved, by the text of their path
 */
export function explainIssues(issues: readonly Issue[], context: IssueContext, unresolved: ReadonlySet<string>): TributaryError[] {
  return issues.flatMap((issue) => {
    const path = issue.path as Path;
    // A kind's own check may tell it at the list it stands in.
    const isNews = !unresolved.has(pathText(path)) && !(issue.code === "custom" && holds(unresolved, path));
    return isNews ? explainIssue(issue, context) : [];
  });
}

/** Whether one of the paths, in their text form, is this one or lies below it. */
export function holds(paths: Iterable<string>, path: Path): boolean {
  return [...paths].some((text) => isWithin(text, path));
}

/** One error per problem; an issue about several unknown keys becomes several. */
function explainIssue(issue: Issue, context: IssueContext): TributaryError[] {
  const path = issue.path as Path;
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey([...path, key], context));
  if (issue.code === "invalid_union" && issue.errors.length === 0) return [unknownType(path, issue, context)];
  const error = (message: string) =>
    new TributaryError("CONFIG_INVALID", `${path.length > 0 ? `${describePath(path)}: ` : ""}${message}`, {
      position: context.document.valuePosition(path),
    });
  if (valueAt(context.value, path) === undefined) {
    return [error(path.length === 0 ? "the file is empty; expected at least `registries`" : `is missing; expected ${expectation(issue)}`)];
  }
  if (issue.code === "custom") {
    // The message is the setting's own and may repeat a part of the value.
    return [error(context.isSecret(path) ? "a referenced value has not the expected form" : issue.message)];
  }
  return [error(`expected ${expectation(issue)}${received(issue, context)}`)];
}

function unknownKey(path: Path, { document, shape, value }: IssueContext): TributaryError {
  const key = String(path.at(-1));
  const known = knownKeys(shape, path.slice(0, -1), value);
  return new TributaryError("CONFIG_INVALID", `unknown key ${describePath(path)}${didYouMean(key, known)}`, {
    position: document.keyPosition(path),
    hint: known.length > 0 ? `known here: ${known.join(", ")}` : undefined,
  });
}

function unknownType(path: Path, issue: z.core.$ZodIssueInvalidUnion, context: IssueContext): TributaryError {
  const types = (issue as { options?: readonly unknown[] }).options?.map(String) ?? [];
  const given = valueAt(context.value, path);
  const position = context.document.valuePosition(path);
  const hint = `known: ${types.join(", ")}`;
  const text = describePath(path);
  if (given === undefined) return new TributaryError("CONFIG_INVALID", `${text}: is missing`, { position, hint });
  const named = typeof given === "string" && !context.isSecret(path);
  const message = named
    ? `${text}: unknown registry type "${given.slice(0, 64)}"${didYouMean(given, types)}`
    : `${text}: unknown registry type`;
  return new TributaryError("CONFIG_INVALID", message, { position, hint });
}

/** `an integer`, `at least 1`, `one of a, b`: what would have been right. */
function expectation(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      // A setting's own words say more than its type.
      return issue.message.startsWith("expected ") ? issue.message.slice("expected ".length) : typeName(issue.expected);
    case "invalid_value":
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.join(", ")}`;
    case "too_small":
      return amount(issue.origin, issue.inclusive === false ? "more than" : "at least", issue.minimum);
    case "too_big":
      return amount(issue.origin, issue.inclusive === false ? "less than" : "at most", issue.maximum);
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "invalid_union":
      return [...new Set(issue.errors.map((errors) => (errors[0] ? expectation(errors[0]) : "")))].filter(Boolean).join(", or ");
    case "invalid_key":
    case "invalid_element":
      return issue.issues[0] ? expectation(issue.issues[0]) : "another value";
    default:
      // The schema's own words: `expected a duration such as …`.
      return issue.message.replace(/^expected /i, "");
  }
}

function typeName(type: string): string {
  const names: Readonly<Record<string, string>> = {
    int: "an integer",
    number: "a number",
    string: "text",
    boolean: "true or false",
    array: "a list",
    object: "a map of keys",
    record: "a map of keys",
  };
  return names[type] ?? `a ${type}`;
}

function amount(origin: string, bound: string, limit: number | bigint): string {
  if (origin === "string") return limit === 1 && bound === "at least" ? "a text that is not empty" : `${bound} ${limit} characters`;
  if (origin === "array" || origin === "set") return `${bound} ${limit} ${limit === 1 ? "entry" : "entries"}`;
  return `${bound} ${limit}`;
}

/** ` but got …`, where that helps and repeats nothing that might be secret. */
function received(issue: Issue, { value, isSecret }: IssueContext): string {
  const path = issue.path as Path;
  const given = valueAt(value, path);
  if (issue.code === "invalid_value" && typeof given === "string" && !isSecret(path)) {
    return `, got "${given.slice(0, 64)}"${didYouMean(given, issue.values.map(String))}`;
  }
  if (given === null) return "; the key has no value: give it one or remove the key";
  if (issue.code !== "invalid_type" && issue.code !== "invalid_union" && issue.code !== "invalid_value") return "";
  if (Array.isArray(given)) return ", got a list";
  if (typeof given === "string") return isSecret(path) ? ", got text from a reference" : ", got text";
  return `, got ${typeof given === "number" ? (Number.isInteger(given) ? "an integer" : "a number") : typeName(typeof given)}`;
}

function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}
