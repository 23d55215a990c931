/** Looks into what a rule's document holds: any shape, since anybody may have written it. All throw a BadRule. */
import { BadRule } from "./rule.ts";

export type Mapping = Readonly<Record<string, unknown>>;

export function mappingOf(value: unknown, what: string): Mapping {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new BadRule(`${what} is no mapping`);
  return value as Mapping;
}

/** A member of a mapping; undefined where it is absent or null. */
export function member(mapping: Mapping, key: string): unknown {
  return Object.hasOwn(mapping, key) ? (mapping[key] ?? undefined) : undefined;
}

/** A scalar as text; undefined where it is absent. */
export function textAt(mapping: Mapping, key: string): string | undefined {
  const value = member(mapping, key);
  return value === undefined ? undefined : textOf(value, key);
}

/** A list; empty where it is absent. */
export function listAt(mapping: Mapping, key: string): readonly unknown[] {
  const value = member(mapping, key) ?? [];
  if (!Array.isArray(value)) throw new BadRule(`\`${key}\` is no list`);
  return value;
}

/** A list of scalars as texts. */
export function textsAt(mapping: Mapping, key: string): string[] {
  return listAt(mapping, key).map((value) => textOf(value, key));
}

export function textOf(value: unknown, key: string): string {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
    throw new BadRule(`\`${key}\` holds something that is no text`);
  }
  return String(value);
}
