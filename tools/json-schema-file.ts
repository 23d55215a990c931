import { configShape } from "../src/config/shape.ts";
import { kinds } from "../src/registries/kinds.ts";

/** `schema/tributary.schema.json`, for editors. */
export function jsonSchemaFile(): string {
  const { $schema, ...shape } = configShape(kinds) as { $schema?: string };
  return `${JSON.stringify({ $schema, title: "Tributary configuration", ...shape }, null, 2)}\n`;
}
