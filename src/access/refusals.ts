import type { Logger } from "../log/logger.ts";
import type { Refusal, RefusalReason } from "./peer.ts";

/** Which server, in settings, log lines and metrics. */
export type ServerName = "xds" | "admin";

/** Who was refused, as far as it is known. */
export interface RefusedPeer {
  /** `address:port`. */
  readonly peer: string;
  readonly subject?: string | undefined;
  readonly names?: string | undefined;
}

/** Lines per window; more say nothing new, and whoever is refused must not be able to fill a disk. */
const linesPerWindow = 10;
const windowMs = 60_000;

/** Counts every refused connection, and logs who and why: the first ten of a minute, and how many more there were. */
export class Refusals {
  readonly #server: ServerName;
  readonly #log: Logger;
  readonly #count: (server: ServerName, reason: RefusalReason) => void;
  readonly #now: () => number;
  #windowStart = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #untold = 0;

  constructor(server: ServerName, log: Logger, count: (server: ServerName, reason: RefusalReason) => void, now = () => performance.now()) {
    this.#server = server;
    this.#log = log;
    this.#count = count;
    this.#now = now;
  }

  refused(peer: RefusedPeer, { reason, message }: Refusal): void {
    this.#count(this.#server, reason);
    const now = this.#now();
    if (now - this.#windowStart >= windowMs) {
      if (this.#untold > 0) this.#log.warn({ server: this.#server, connections: this.#untold }, "further connections were refused");
      this.#windowStart = now;
      this.#lines = 0;
      this.#untold = 0;
    }
    if (this.#lines >= linesPerWindow) {
      this.#untold += 1;
      return;
    }
    this.#lines += 1;
    const { subject, names } = peer;
    const who = { peer: peer.peer, subject: subject && harmless(subject), names: names && harmless(names) };
    this.#log.warn({ server: this.#server, ...who, reason }, `connection refused: ${harmless(message)}`);
  }
}

/** A stranger's certificate may hold any text, also such as moves a terminal's cursor. */
function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\ufffd");
}
