import { errorCodes } from "../src/errors/codes.ts";
import { problemCodes } from "../src/errors/problem-codes.ts";
import { generatedNote } from "./generated-note.ts";
import { markdownTable } from "./markdown-table.ts";

/** `docs/errors.md` */
export function errorsPage(): string {
  const rows = (codes: Readonly<Record<string, string>>) => Object.entries(codes).map(([code, meaning]) => [`\`${code}\``, meaning]);
  return `# Errors and problems

${generatedNote}

The codes are a promise: scripts and alerts may rely on them, and none changes its meaning.

## Errors

An error stops what was asked for: a start, a reload, a command. It is told as
\`file:line:column: message [CODE] (what to do)\`, the position only where there is one.

${markdownTable(["Code", "Meaning, and what to do"], rows(errorCodes))}

## Problems

A problem costs one datum of a registry: it is skipped or altered, everything else goes on. Problems are
logged with the registry and the place, and counted in the metrics under these words.

${markdownTable(["Code", "Meaning"], rows(problemCodes))}
`;
}
