/** What a server's answer says beside its content. */
import { RequestRefused } from "../naming-source.ts";
import type { Message } from "./message.ts";

/** The server's own codes. */
export const errorCode = {
  /** It is still starting. */
  notReady: 300,
  /** It does not know this connection: set-up is missing, or it gave us up. */
  unregistered: 301,
  /** Its version has no such request. */
  noHandler: 302,
  noRight: 403,
  /** The set-up did not say that services are read here. */
  notNaming: -401,
  patternLimit: 50_310,
  matchLimit: 50_311,
} as const;

/** A configuration does not exist; only configurations have it, and it means something else elsewhere. */
export const configNotFound = 300;

/** What the server says of the connection or of itself, whatever is asked. */
const general: readonly number[] = [errorCode.notReady, errorCode.unregistered, errorCode.noHandler, errorCode.notNaming];

/** An answer that is an error. */
export class ErrorAnswer extends RequestRefused {
  /** 0 where the server gives none. */
  readonly code: number;

  constructor(request: string, code: number, message: string) {
    super(`${request}: ${message || "refused"} (${code})`, code === errorCode.noRight ? "refused" : "broken", general.includes(code));
    this.code = code;
  }
}

/** @returns undefined if the answer is a success */
export function errorIn({ fields }: Message, request: string): ErrorAnswer | undefined {
  const { resultCode, errorCode: code, message } = fields;
  if (resultCode === 200) return undefined;
  const numbers = [code, resultCode].filter((number) => typeof number === "number" && number !== 0);
  return new ErrorAnswer(request, Number(numbers[0] ?? 0), typeof message === "string" ? message.slice(0, 300) : "");
}
