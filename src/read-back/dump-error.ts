import type { FailureReason } from "./findings.ts";

/** Why a dump could not be read to its end. */
export class DumpError extends Error {
  readonly reason: FailureReason;

  constructor(reason: FailureReason, message: string) {
    super(message);
    this.name = "DumpError";
    this.reason = reason;
  }
}
