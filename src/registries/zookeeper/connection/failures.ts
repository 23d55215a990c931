/** How a request fails. */
import type { Ending } from "./doubt.ts";
import { errorName, refusals } from "./protocol/error-name.ts";

/** The session ended before the answer came. */
export class SessionLost extends Error {}

/** The server refused one request. */
export class RequestFailed extends Error {
  /** ZooKeeper's error code, negative. */
  readonly code: number;
  constructor(code: number, path: string) {
    super(`${errorName(code)} (${code}) at ${path}`);
    this.code = code;
  }

  /** What follows for the session of one that cannot do without the answer. */
  get ending(): Ending {
    return refusals.has(this.code) ? "refused" : "broken";
  }
}
