/**
 * The complete example of the documentation: every section and setting with its default, one registry of
 * each kind. Made from the shape, so that it cannot miss a setting; a test parses it.
 */
import { stringify } from "yaml";
import { registryShapes, type Shape } from "../src/config/shape.ts";

const width = 110;

export function configExample(shape: Shape): string {
  const lines = ["registries:"];
  for (const [index, registry] of registryShapes(shape).entries()) {
    const type = String(registry.properties?.type?.const);
    const own = { ...registry, properties: { ...registry.properties } };
    // Said once, for the first: what every registry has.
    if (index > 0) for (const shared of ["required", "network", "naming", "protection"]) delete own.properties[shared];
    const block = settings(own, "    ", { type, id: `my-${type}` });
    const first = block.findIndex((line) => !line.trimStart().startsWith("#"));
    block[first] = `  - ${block[first]!.slice(4)}`;
    if (index > 0) lines.push("");
    lines.push(...comment(registry.properties?.type?.description, "  "), ...block.slice(first));
  }
  for (const [name, section] of Object.entries(shape.properties ?? {})) {
    if (name === "registries") continue;
    if (section.properties === undefined) {
      lines.push("", ...settings({ properties: { [name]: section } }, ""));
      continue;
    }
    const block = settings(section, "  ");
    // A key with nothing but comments below it would be null.
    const empty = block.every((line) => line.trimStart().startsWith("#"));
    lines.push("", ...comment(section.description, ""), empty ? `${name}: {}` : `${name}:`, ...block);
  }
  return `${lines.join("\n")}\n`;
}

function settings(shape: Shape, indent: string, given: Readonly<Record<string, unknown>> = {}): string[] {
  return Object.entries(shape.properties ?? {}).flatMap(([name, setting]) => {
    const about = comment(setting.description, indent);
    if (setting.properties !== undefined) {
      const block = [`${indent}${name}:`, ...settings(setting, `${indent}  `)];
      const given = setting.default !== undefined || shape.required?.includes(name) === true;
      return [...about, ...(given ? block : block.map((line) => `${indent}# ${line.slice(indent.length)}`))];
    }
    const value = given[name] ?? setting.default ?? setting.examples?.[0];
    if (value !== undefined && (setting.default !== undefined || shape.required?.includes(name)))
      return [...about, `${indent}${name}: ${scalar(value)}`];
    if (shape.required?.includes(name)) return [...about, `${indent}${name}: ${scalar(standIn(setting))}`];
    return [...about, `${indent}# ${name}: ${value === undefined ? "" : scalar(value)}`.trimEnd()];
  });
}

/** A value of the right form where a kind gives no example of its own. */
function standIn({ type, items, minimum, anyOf, examples, enum: words }: Shape): unknown {
  if (examples?.[0] !== undefined) return examples[0];
  if (anyOf?.[0] !== undefined) return standIn(anyOf[0]);
  if (words !== undefined) return words[0];
  if (type === "array") return items ? [standIn(items)] : [];
  if (type === "object") return {};
  if (type === "boolean") return false;
  return type === "string" ? "…" : (minimum ?? 0);
}

function scalar(value: unknown): string {
  return stringify(value, { collectionStyle: "flow", flowCollectionPadding: false, lineWidth: 0 }).trimEnd();
}

function comment(text: string | undefined, indent: string): string[] {
  const lines: string[] = [];
  let line = `${indent}#`;
  for (const word of (text ?? "").split(" ").filter(Boolean)) {
    if (line.length + 1 + word.length > width && line !== `${indent}#`) {
      lines.push(line);
      line = `${indent}#`;
    }
    line += ` ${word}`;
  }
  return text ? [...lines, line] : [];
}
