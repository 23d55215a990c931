import type { ErrorCode } from "./codes.ts";

/** Where an error was found, for people and editors: `file:line:column`. */
export interface Position {
  readonly file: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
}

/** An error with a stable code (`docs/errors.md`), saying what, where and what to do. */
export class TributaryError extends Error {
  readonly code: ErrorCode;
  readonly position: Position | undefined;
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: { position?: Position; hint?: string | undefined; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "TributaryError";
    this.code = code;
    this.position = details.position;
    this.hint = details.hint;
  }
}

/** One line for a terminal: `file:line:column: message [CODE] (hint)`. */
export function describeError(error: unknown): string {
  if (!(error instanceof TributaryError)) return error instanceof Error ? error.message : String(error);
  const { position, hint } = error;
  const where = position ? [position.file, position.line, position.column].filter((part) => part !== undefined).join(":") : undefined;
  return `${where ? `${where}: ` : ""}${error.message} [${error.code}]${hint ? ` (${hint})` : ""}`;
}
