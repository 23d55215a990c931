/** The log lines of a read-back: one per object that istiod did not take, once per version. */
import type { Logger } from "../log/logger.ts";
import type { Difference, Failure } from "./findings.ts";
import type { Guess } from "./guess.ts";
import type { ReadBackSummary } from "./view.ts";

/** Objects named per read-back; the others follow in the next ones, and are counted meanwhile. */
const linesPerReadBack = 20;

export class Report {
  readonly #log: Logger;
  /** Told before, and still so; bounded by what a read-back lists. */
  #told: ReadonlySet<string> = new Set();
  #lastFailure: string | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  succeeded(differences: readonly Difference[], guessAt: (difference: Difference) => Guess, summary: ReadBackSummary): void {
    this.#lastFailure = undefined;
    const fresh = differences.filter((difference) => !this.#told.has(keyOf(difference)));
    const lines = fresh.slice(0, linesPerReadBack);
    for (const difference of lines) {
      const { type, name, state, sent, held } = difference;
      const { cause, text } = guessAt(difference);
      this.#log.warn({ type, name, state, sent, held, guess: cause }, `istiod ${sentences[state]}: ${text}`);
    }
    if (fresh.length > lines.length) {
      this.#log.warn(
        { more: fresh.length - lines.length },
        "istiod holds more objects otherwise than they were sent; the next read-backs name them",
      );
    }
    const still = new Set(differences.map(keyOf));
    this.#told = new Set([...this.#told, ...lines.map(keyOf)].filter((key) => still.has(key)));
    const { port, dumpBytes, durationMs } = summary;
    this.#log.debug({ port, bytes: dumpBytes, ms: durationMs, differences: differences.length }, "read back what istiod holds");
  }

  /** Where no debug port answers, that is nothing to worry about; other failures are said once in a row. */
  failed({ failure, detail }: Failure): void {
    const known = failure === "no-answer" || failure === "overtaken" || failure === this.#lastFailure;
    this.#lastFailure = failure;
    this.#log[known ? "debug" : "warn"]({ reason: failure, detail }, "what istiod holds could not be read back");
  }
}

const sentences = {
  missing: "does not hold an object that it acknowledged",
  "other-version": "holds another version of an object than it acknowledged",
  shadowed: "uses another source's object instead of ours",
  extra: "holds an object that was not sent",
} as const satisfies Record<Difference["state"], string>;

function keyOf({ type, name, sent, held, state }: Difference): string {
  return `${type} ${name} ${sent ?? held} ${state}`;
}
