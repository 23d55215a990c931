/** A part of the configuration's shape as rows of a table: key, type, default, description. */
import type { Shape } from "../src/config/shape.ts";

export const settingHead = ["Key", "Type", "Default", "Description"];

/** One row per setting; nested maps are walked, their keys are written with dots. */
export function settingRows(shape: Shape, prefix = ""): string[][] {
  const rows: string[][] = [];
  for (const [name, setting] of Object.entries(shape.properties ?? {})) {
    const key = `${prefix}${name}`;
    const required = shape.required?.includes(name) === true;
    const nested = setting.properties !== undefined;
    rows.push([`\`${key}\``, nested ? "map" : typeText(setting), nested ? "" : defaultText(setting, required), setting.description ?? ""]);
    if (nested) rows.push(...settingRows(setting, `${key}.`));
  }
  return rows;
}

/** `integer, 1 … 9`, `list of text`, `` `keep` or `drain` ``. */
export function typeText(shape: Shape): string {
  if (shape.title !== undefined) return shape.title;
  if (shape.const !== undefined) return `\`${String(shape.const)}\``;
  if (shape.enum !== undefined) return shape.enum.map((word) => `\`${String(word)}\``).join(" or ");
  const choices = shape.anyOf ?? shape.oneOf;
  if (choices !== undefined) return choices.map(typeText).join(" or ");
  switch (shape.type) {
    case "array":
      return `list of ${shape.items ? typeText(shape.items) : "anything"}`;
    case "object":
      return typeof shape.additionalProperties === "object" ? `map of ${typeText(shape.additionalProperties)}` : "map";
    case "string":
      return "text";
    case "boolean":
      return "`true` or `false`";
    default:
      return `${shape.type ?? "anything"}${rangeText(shape)}`;
  }
}

function rangeText({ minimum, maximum }: Shape): string {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} … ${maximum}`;
  if (minimum !== undefined) return `, at least ${minimum}`;
  return maximum === undefined ? "" : `, at most ${maximum}`;
}

function defaultText(shape: Shape, required: boolean): string {
  if (shape.default !== undefined) return `\`${typeof shape.default === "string" ? shape.default : JSON.stringify(shape.default)}\``;
  return required ? "required" : "–";
}
