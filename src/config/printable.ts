import { redactDeep } from "../log/redact.ts";
import { type Path, pathText } from "./document.ts";
import type { LoadedConfig } from "./load.ts";

/**
 * The configuration as it may be shown: defaults filled in, and every value that holds a reference
 * as it was written (`${file:password}`), whatever the schema made of it.
 */
export function printableConfig({ config, secrets, written }: Pick<LoadedConfig, "config" | "secrets" | "written">): unknown {
  const show = (value: unknown, path: Path): unknown => {
    const text = written.get(pathText(path));
    if (text !== undefined) return text;
    if (Array.isArray(value)) return value.map((item, index) => show(item, [...path, index]));
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, show(item, [...path, key])]));
    }
    // A kind's schema may have moved a secret to another place.
    return redactDeep(value, secrets);
  };
  return show(config, []);
}
