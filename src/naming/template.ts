/**
 * Host templates: the text from which a service's host is made.
 *
 * - literal characters: `a-z`, `0-9`, `-` and `.`
 * - placeholders: `{name}` `{namespace}` `{group}` `{version}` `{protocol}` `{registry}`.
 *   `{name}` keeps its dots and so may become several labels; every other one becomes a single
 *   label (its dots turn into `-`).
 * - `[…]`: a section that is left out when a placeholder in it is empty. Sections do not nest.
 *
 * `{protocol}` is empty for the kind's usual protocol. A template that never mentions it gets
 * `[{protocol}.]` in front, because two protocols of one service never share a host; and one
 * that does not end in the registry's suffix gets `.suffix` behind.
 *
 * Example: `{name}[.{version}][.{group}]` with suffix `dubbo` gives
 * `com.acme.orderfacade.1-2-0.blue.dubbo` and `tri.com.acme.orderfacade.1-2-0.blue.dubbo`.
 */
import { TributaryError } from "../errors/tributary-error.ts";

export const placeholders = ["name", "namespace", "group", "version", "protocol", "registry"] as const;
export type Placeholder = (typeof placeholders)[number];
export type TemplateValues = Readonly<Partial<Record<Placeholder, string>>>;

export interface TemplateProblem {
  /** 1-based column in the template's text. */
  readonly column: number;
  readonly message: string;
}

export interface HostTemplate {
  readonly text: string;
  /** The exact, not yet DNS-safe text before the suffix; lower-casing and the like come after. */
  render(values: TemplateValues): string;
}

type Piece = string | { readonly placeholder: Placeholder } | { readonly section: readonly Piece[] };

/** What is wrong with a template, or undefined. */
export function checkTemplate(text: string): TemplateProblem | undefined {
  const parsed = parse(text);
  return "message" in parsed ? parsed : undefined;
}

/**
 * Compiles a template for a suffix (without leading dot).
 * @throws TributaryError `CONFIG_INVALID` naming the column
 */
export function compileTemplate(text: string, suffix: string): HostTemplate {
  const parsed = parse(text);
  if ("message" in parsed)
    throw new TributaryError("CONFIG_INVALID", `host template "${text}", column ${parsed.column}: ${parsed.message}`);
  const pieces = withoutSuffix(parsed.pieces, suffix);
  const all = mentions(pieces, "protocol") ? pieces : [{ section: [{ placeholder: "protocol" as const }, "."] }, ...pieces];
  return { text, render: (values) => render(all, values) ?? "" };
}

function parse(text: string): { pieces: readonly Piece[] } | TemplateProblem {
  const pieces: Piece[] = [];
  let section: Piece[] | undefined;
  let sectionColumn = 0;
  let named = false;
  for (let at = 0; at < text.length; ) {
    const into = section ?? pieces;
    const character = text.charAt(at);
    const column = at + 1;
    const literal = /^[a-z0-9.-]+/.exec(text.slice(at))?.[0];
    if (literal !== undefined) {
      into.push(literal);
      at += literal.length;
    } else if (character === "{") {
      const end = text.indexOf("}", at);
      if (end < 0) return { column, message: "`{` is never closed" };
      const word = text.slice(at + 1, end);
      const placeholder = placeholders.find((known) => known === word);
      if (placeholder === undefined)
        return { column, message: `unknown placeholder {${word}}; known are ${placeholders.map((known) => `{${known}}`).join(" ")}` };
      if (placeholder === "name" && section === undefined) named = true;
      into.push({ placeholder });
      at = end + 1;
    } else if (character === "[") {
      if (section !== undefined) return { column, message: "sections in `[…]` do not nest" };
      section = [];
      sectionColumn = column;
      at += 1;
    } else if (character === "]") {
      if (section === undefined) return { column, message: "`]` closes no section" };
      if (!section.some((piece) => typeof piece !== "string")) return { column: sectionColumn, message: "a section needs a placeholder" };
      pieces.push({ section });
      section = undefined;
      at += 1;
    } else {
      return { column, message: `"${character}" cannot stand in a host; use a-z, 0-9, "-", ".", placeholders and sections` };
    }
  }
  if (section !== undefined) return { column: sectionColumn, message: "`[` is never closed" };
  if (!named) return { column: 1, message: "{name} is missing outside of sections: all services would share a host" };
  return { pieces };
}

/** The suffix is put behind later, on its own, so that cutting a long host never touches it. */
function withoutSuffix(pieces: readonly Piece[], suffix: string): readonly Piece[] {
  const last = pieces.at(-1);
  if (typeof last !== "string" || !last.endsWith(`.${suffix}`)) return pieces;
  return [...pieces.slice(0, -1), last.slice(0, -suffix.length - 1)];
}

function mentions(pieces: readonly Piece[], placeholder: Placeholder): boolean {
  return pieces.some(
    (piece) => typeof piece !== "string" && ("section" in piece ? mentions(piece.section, placeholder) : piece.placeholder === placeholder),
  );
}

/** Undefined when a placeholder of a section is empty. */
function render(pieces: readonly Piece[], values: TemplateValues, optional = false): string | undefined {
  let text = "";
  for (const piece of pieces) {
    if (typeof piece === "string") text += piece;
    else if ("section" in piece) text += render(piece.section, values, true) ?? "";
    else {
      const value = values[piece.placeholder] ?? "";
      if (value === "" && optional) return undefined;
      text += piece.placeholder === "name" ? value : value.replaceAll(".", "-");
    }
  }
  return text;
}
