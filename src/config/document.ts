/**
 * YAML 1.2 text to plain values, with the position of every key and value. Bounded whatever the
 * text: the tree is walked here rather than by the library, so that aliases cannot multiply and
 * duplicate keys cost no quadratic comparison.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { type Position, TributaryError } from "../errors/tributary-error.ts";

/** Keys and indexes from the root to a value. */
export type Path = readonly (string | number)[];

export interface ConfigDocument {
  /** Undefined if the text has no content or is not YAML at all. */
  readonly value: unknown;
  readonly errors: readonly TributaryError[];
  /** Where the value at a path stands; where it is missing, its nearest ancestor. */
  valuePosition(path: Path): Position;
  /** Where the key of a map's entry stands. */
  keyPosition(path: Path): Position;
}

/** Values after expansion of aliases; a configuration of a thousand registries has some ten thousand. */
const maxValues = 200_000;
const maxDepth = 64;

export function readDocument(text: string, file: string): ConfigDocument {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const errors: TributaryError[] = [];
  const fail = (offset: number, message: string, hint?: string) =>
    errors.push(new TributaryError("CONFIG_SYNTAX", message, { position: at(offset), hint }));

  const start: Position = { file, line: 1, column: 1 };
  const document = parse(text, lines);
  if (document instanceof Error) {
    const error = new TributaryError("CONFIG_SYNTAX", `not valid YAML: ${document.message}`, { position: start, cause: document });
    return { value: undefined, errors: [error], valuePosition: () => start, keyPosition: () => start };
  }
  for (const { pos, message } of [...document.errors, ...document.warnings])
    fail(pos[0], /call stack/.test(message) ? "nested too deeply" : message.replace(/\s+/g, " "));

  const values = new Map<string, number>();
  const keys = new Map<string, number>();
  const anchors = new Map<string, unknown>();
  let count = 0;
  let tooLarge = false;

  const plain = (node: unknown, path: Path, inAlias = false): unknown => {
    if (tooLarge) return undefined;
    const offset = (node as Node | null)?.range?.[0] ?? 0;
    count++;
    if (count > maxValues || path.length > maxDepth) {
      tooLarge = true;
      fail(offset, count > maxValues ? `more than ${maxValues} values, aliases counted each time` : `nested more than ${maxDepth} deep`);
      return undefined;
    }
    if (isAlias(node)) {
      // An alias keeps the position of what it names: there the value can be corrected.
      const target = anchors.get(node.source);
      if (target !== undefined) return plain(target, path, true);
      fail(offset, `the alias *${node.source} names no anchor`);
      return undefined;
    }
    // Kept here because the library searches the whole document for every alias.
    const anchor = inAlias ? undefined : (node as { anchor?: string } | null)?.anchor;
    if (anchor !== undefined) anchors.set(anchor, node);
    values.set(pathText(path), offset);
    if (isScalar(node)) return node.value;
    if (isSeq(node)) return node.items.map((item, index) => plain(item, [...path, index], inAlias));
    if (!isMap(node)) return null;
    const result: Record<string, unknown> = {};
    for (const { key, value } of node.items) {
      const name = String(isScalar(key) ? key.value : key);
      const keyOffset = (key as Node | null)?.range?.[0] ?? offset;
      const keyPath = [...path, name];
      const first = Object.hasOwn(result, name) ? keys.get(pathText(keyPath)) : undefined;
      if (first !== undefined) {
        fail(keyOffset, `the key "${name}" is given twice`, `first in line ${at(first).line}`);
        continue;
      }
      keys.set(pathText(keyPath), keyOffset);
      // An empty value (`key:` alone) stands where its key stands.
      if (value === null || (isScalar(value) && value.value === null)) values.set(pathText(keyPath), keyOffset);
      const item = plain(value, keyPath, inAlias);
      // Not an assignment: a key may be called __proto__.
      Object.defineProperty(result, name, { value: item, enumerable: true, writable: true, configurable: true });
    }
    return result;
  };
  const value = document.contents === null ? undefined : plain(document.contents, []);

  const positionIn = (offsets: ReadonlyMap<string, number>, path: Path): Position => {
    const own = offsets.get(pathText(path));
    if (own !== undefined) return at(own);
    for (let length = path.length - 1; length >= 0; length--) {
      const offset = values.get(pathText(path.slice(0, length)));
      if (offset !== undefined) return at(offset);
    }
    return start;
  };
  return { value, errors, valuePosition: (path) => positionIn(values, path), keyPosition: (path) => positionIn(keys, path) };
}

/** The exact text of a path, as a key of maps. */
export function pathText(path: Path): string {
  return JSON.stringify(path);
}

/** Whether a path, in its text form, is another one or lies below it. */
export function isWithin(text: string, ancestor: Path): boolean {
  const own = pathText(ancestor);
  return text === own || ancestor.length === 0 || text.startsWith(`${own.slice(0, -1)},`);
}

/** A path for people: `registries[0].naming.suffix`. */
export function describePath(path: Path): string {
  let text = "";
  for (const part of path) text += typeof part === "number" ? `[${part}]` : text === "" ? part : `.${part}`;
  return text;
}

/** Absurdly deep nesting exhausts the library's stack: an error like any other. */
function parse(text: string, lineCounter: LineCounter): Document | Error {
  try {
    return parseDocument(text, {
      lineCounter,
      version: "1.2",
      schema: "core",
      merge: false,
      uniqueKeys: false,
      stringKeys: true,
      resolveKnownTags: false,
      prettyErrors: false,
      logLevel: "warn",
    }) as Document;
  } catch (error) {
    return error instanceof RangeError ? new Error("nested too deeply") : (error as Error);
  }
}
