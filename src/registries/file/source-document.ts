/** Text to documents: YAML (several per file) or JSON, each able to say where in the file a value stands. */
import { type Document, isNode, LineCounter, type ParsedNode, parseAllDocuments } from "yaml";

/** Keys and indexes from a document's root to a value. */
export type Path = readonly (string | number)[];

export interface SourceDocument {
  readonly value: unknown;
  /** `file:line:column` of a value, or of the nearest one around it. */
  where(path: Path): string;
  /** As `where`, but cheap for every item: in JSON the path stands for the position. */
  place(path: Path): string;
}

/** A file that cannot be understood at all. */
export class BadFile extends Error {
  /** `file:line:column`. */
  readonly where: string;

  constructor(where: string, message: string) {
    super(message);
    this.name = "BadFile";
    this.where = where;
  }
}

/** Aliases one document may resolve: enough for people, too few for a bomb. */
const mostAliases = 1_000;

/**
 * @param file how the file is called in positions.
 * @throws BadFile, and nothing else, whatever the text is.
 */
export function readDocuments(file: string, text: string): readonly SourceDocument[] {
  if (file.endsWith(".json")) {
    const value = parseJson(text);
    if (value !== undefined) return [jsonDocument(file, text, value)];
  }
  const lines = new LineCounter();
  try {
    const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
    // An empty stream comes as an array with no documents.
    return Array.isArray(documents) ? documents.map((document) => yamlDocument(file, document, lines)) : [];
  } catch (error) {
    if (error instanceof BadFile) throw error;
    // Too deep a nesting ends as a RangeError of the parser.
    throw new BadFile(file, error instanceof Error ? error.message : String(error));
  }
}

function yamlDocument(file: string, document: Document.Parsed, lines: LineCounter): SourceDocument {
  const [error] = document.errors;
  if (error) throw new BadFile(position(file, lines, error.pos[0]), error.message);
  const value: unknown = document.toJS({ maxAliasCount: mostAliases });
  const root = document.contents;
  const where = (path: Path) => position(file, lines, offset(root, document, path));
  return { value, where, place: where };
}

/** Positions in JSON are needed only for problems, so they are looked up only then. */
function jsonDocument(file: string, text: string, value: unknown): SourceDocument {
  let precise: SourceDocument | undefined;
  const place = (path: Path) => `${file} ${pathText(path)}`;
  return {
    value,
    place,
    where(path) {
      if (text.length > largestForPositions) return place(path);
      try {
        precise ??= readDocuments(`${file}\n`, text)[0];
      } catch {
        return place(path);
      }
      return precise ? precise.where(path).replace(`${file}\n`, file) : file;
    },
  };
}

/** Characters. Parsing for positions is some 20 times slower than parsing JSON, and takes 50 times the memory. */
const largestForPositions = 2 * 1024 * 1024;

/** JSON never holds `undefined`, so that is what says "not JSON". */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Offset of the value at a path, or of the deepest node on the way that exists. */
function offset(root: ParsedNode | null, document: Document.Parsed, path: Path): number {
  for (let depth = path.length; depth > 0; depth--) {
    const node: unknown = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return root?.range?.[0] ?? 0;
}

function position(file: string, lines: LineCounter, at: number): string {
  const { line, col } = lines.linePos(at);
  return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
}

function pathText(path: Path): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .replace(/^\./, "");
}
