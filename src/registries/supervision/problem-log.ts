/** The problems of one registry: all counted, the newest kept for `check`, a bounded number logged. */
import type { Logger } from "../../log/logger.ts";
import type { CountedProblem } from "./worker-messages.ts";

const minuteMs = 60_000;
/** Lines per minute for one registry; and each datum has one. */
const linesPerMinute = 20;

export interface KnownProblem extends CountedProblem {
  /** Epoch ms. */
  readonly firstSeen: number;
  /** Epoch ms. */
  readonly lastSeen: number;
}

export class ProblemLog {
  /** Least recently seen first. */
  readonly #kept = new Map<string, KnownProblem>();
  readonly #log: Logger;
  readonly #mostKept: number;
  readonly #now: () => number;
  #minute = 0;
  readonly #logged = new Set<string>();
  #unlogged = 0;

  constructor(log: Logger, mostKept: number, now: () => number = Date.now) {
    this.#log = log;
    this.#mostKept = mostKept;
    this.#now = now;
  }

  /** Newest first. */
  get latest(): readonly KnownProblem[] {
    return [...this.#kept.values()].reverse();
  }

  add(problem: CountedProblem): void {
    const key = `${problem.code}\n${problem.where}`;
    const at = this.#now();
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    this.#kept.set(key, {
      ...problem,
      count: problem.count + (kept?.count ?? 0),
      firstSeen: kept?.firstSeen ?? at,
      lastSeen: at,
    });
    if (this.#kept.size > this.#mostKept) for (const oldest of this.#kept.keys()) if (this.#kept.delete(oldest)) break;
    this.#write(problem, key, at);
  }

  #write(problem: CountedProblem, key: string, at: number): void {
    const minute = Math.floor(at / minuteMs);
    if (minute !== this.#minute) {
      if (this.#unlogged > 0) this.#log.warn({ problems: this.#unlogged }, "more problems were met and not logged one by one");
      this.#minute = minute;
      this.#unlogged = 0;
      this.#logged.clear();
    }
    if (this.#logged.has(key) || this.#logged.size >= linesPerMinute) {
      this.#unlogged += problem.count;
      return;
    }
    this.#logged.add(key);
    this.#log.warn({ problem: problem.code, where: problem.where }, problem.message);
  }
}
