/** Random mesh objects, made from the generated schemas: a field added to a proto appears here by itself. */
import { create, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";
import fc from "fast-check";
import { ServiceEntrySchema, SidecarSchema, WorkloadEntrySchema } from "../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import type { MeshObject } from "../../src/mesh/mesh-object.ts";

export const schemas = { ServiceEntry: ServiceEntrySchema, WorkloadEntry: WorkloadEntrySchema, Sidecar: SidecarSchema } as const;

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({ unit: "grapheme-ascii", minLength: 40, maxLength: 300 }),
  fc.constantFrom("", "a", "tcp-dubbo", "10.0.0.1", "x".repeat(127), "x".repeat(128), "é".repeat(64)),
);
const uint32 = fc.oneof(
  fc.nat(65_535),
  fc.constantFrom(0, 1, 127, 128, 16_383, 16_384, 2 ** 21, 2 ** 28 - 1, 2 ** 28, 2 ** 31, 2 ** 32 - 1),
);
// "__proto__" is no ordinary property name; integers are moved to the front by every JavaScript object.
const key = text.filter((candidate) => candidate !== "__proto__" && !/^\d+$/.test(candidate));

export const stringMap = fc.dictionary(key, text, { maxKeys: 5, noNullPrototype: true });

function scalarOrEnum(field: DescField): fc.Arbitrary<unknown> {
  return field.enum ? fc.constantFrom(...field.enum.values.map((value) => value.number)) : field.scalar === 9 ? text : uint32;
}

function fieldValue(field: DescField): fc.Arbitrary<unknown> {
  switch (field.fieldKind) {
    case "message":
      return fc.option(message(field.message), { nil: undefined });
    case "list":
      return fc.array(field.listKind === "message" ? message(field.message) : scalarOrEnum(field), { maxLength: 4 });
    case "map":
      return fc.dictionary(key, scalarOrEnum(field), { maxKeys: 5, noNullPrototype: true });
    default:
      return scalarOrEnum(field);
  }
}

function message(schema: DescMessage): fc.Arbitrary<Message> {
  return fc
    .record(Object.fromEntries(schema.fields.map((field) => [field.localName, fieldValue(field)])))
    .map((init) => create(schema, init as never));
}

const identifier = fc.constantFrom("tributary", "default", "a", "orders.example.dubbo", "b");

export const meshObject: fc.Arbitrary<MeshObject> = fc.constantFrom(...(Object.keys(schemas) as MeshObject["kind"][])).chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    namespace: identifier,
    name: identifier,
    labels: stringMap,
    annotations: stringMap,
    spec: message(schemas[kind]),
  }),
) as fc.Arbitrary<MeshObject>;

/** A deep copy in which every object's own properties stand in the given order. */
export function withKeyOrder<T>(value: T, order: (keys: string[]) => string[]): T {
  if (Array.isArray(value)) return value.map((item) => withKeyOrder(item, order)) as T;
  if (typeof value !== "object" || value === null) return value;
  const source = value as Record<string, unknown>;
  return Object.fromEntries(order(Object.keys(source)).map((name) => [name, withKeyOrder(source[name], order)])) as T;
}

/** A deep copy without protobuf-es' `$typeName` and absent fields: what an independent decoder sees. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, item]) => name !== "$typeName" && item !== undefined)
      .map(([name, item]) => [name, plain(item)]),
  );
}
