/** Problems that wait in a worker to be told, counted per datum; a flood of distinct ones is joined per code. */
import type { Problem } from "../../contract.ts";
import type { CountedProblem } from "../worker-messages.ts";

/** A large listing that is bad throughout is one burst, which `check` shall name one by one. */
const mostWaiting = 10_000;
const longestCode = 64;
const longestWhere = 512;
const longestMessage = 1_024;

export class PendingProblems {
  #waiting = new Map<string, { problem: Problem; count: number }>();

  get size(): number {
    return this.#waiting.size;
  }

  add(problem: Problem): void {
    const cut = {
      code: problem.code.slice(0, longestCode),
      where: problem.where.slice(0, longestWhere),
      message: problem.message.slice(0, longestMessage),
    };
    if (this.#count(cut)) return;
    if (this.#waiting.size >= mostWaiting) {
      const joined = { code: cut.code, where: "(more places)", message: "too many such problems at once to name each" };
      if (this.#count(joined)) return;
      // Kinds have a handful of codes; one that invents them without end is cut off here.
      if (this.#waiting.size >= 2 * mostWaiting) return;
      this.#waiting.set(`${joined.code}\n${joined.where}`, { problem: joined, count: 1 });
      return;
    }
    this.#waiting.set(`${cut.code}\n${cut.where}`, { problem: cut, count: 1 });
  }

  /** Takes all of them out. */
  take(): CountedProblem[] {
    if (this.#waiting.size === 0) return [];
    const taken = [...this.#waiting.values()].map(({ problem, count }) => ({ ...problem, count }));
    this.#waiting = new Map();
    return taken;
  }

  /** Counts it if it waits already; its newest message wins. */
  #count(problem: Problem): boolean {
    const waiting = this.#waiting.get(`${problem.code}\n${problem.where}`);
    if (!waiting) return false;
    waiting.problem = problem;
    waiting.count++;
    return true;
  }
}
