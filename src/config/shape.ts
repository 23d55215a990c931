/**
 * The configuration's shape as data: the JSON Schema made from the zod schema, and the few questions
 * asked of it (which keys does a place know, which registry types are there). Errors and documentation
 * read this public form, so that neither depends on zod's inside.
 */
import * as z from "zod";
import type { RegistryKind } from "../registries/contract.ts";
import type { Path } from "./document.ts";
import { configSchema } from "./schema.ts";

/** The part of JSON Schema that zod writes for our schemas. */
export interface Shape {
  readonly title?: string;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly additionalProperties?: Shape | boolean;
  readonly oneOf?: readonly Shape[];
  readonly anyOf?: readonly Shape[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly pattern?: string;
  readonly format?: string;
}

/** The shape of what a user writes (defaults not filled in, durations as text). */
export function configShape(kinds: readonly RegistryKind[]): Shape {
  return z.toJSONSchema(configSchema(kinds), {
    io: "input",
    override({ jsonSchema }) {
      // The largest exact integer is no bound anybody chose.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  }) as Shape;
}

/** The shapes of the registries, one per kind. */
export function registryShapes(shape: Shape): readonly Shape[] {
  return shape.properties?.registries?.items?.oneOf ?? [];
}

/** The keys that are known at a path; `value` is the whole configuration and tells a registry's type. */
export function knownKeys(shape: Shape, path: Path, value: unknown): readonly string[] {
  let places: readonly Shape[] = [shape];
  let current = value;
  for (const part of path) {
    current = typeof current === "object" && current !== null ? (current as Record<string | number, unknown>)[part] : undefined;
    const next = places.flatMap((place) =>
      typeof part === "number" ? [place.items] : [place.properties?.[part] ?? place.additionalProperties],
    );
    places = next.flatMap((place) => (typeof place === "object" ? alternatives(place, current) : []));
  }
  return places.flatMap((place) => Object.keys(place.properties ?? {}));
}

/** A shape's alternatives that a value may mean: by its `type` where that tells, else all. */
function alternatives(shape: Shape, value: unknown): readonly Shape[] {
  const all = shape.oneOf ?? shape.anyOf;
  if (all === undefined) return [shape];
  const type = typeof value === "object" && value !== null ? (value as { type?: unknown }).type : undefined;
  const told = all.filter((one) => one.properties?.type?.const === type);
  return told.length > 0 ? told : all;
}
