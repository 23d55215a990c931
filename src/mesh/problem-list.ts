/** Collects what a translation has to say, in an order that does not depend on the input's order. */

import type { ProblemCode } from "../errors/problem-codes.ts";
import { compareText } from "../naming/compare-text.ts";
import type { MeshProblem } from "./mesh-object.ts";

export class ProblemList {
  /** Which service this is about; instances add their address. */
  readonly #where: string;
  readonly #problems: MeshProblem[] = [];
  #noted: Set<string> | undefined;

  constructor(where: string) {
    this.#where = where;
  }

  /** The object is withheld. */
  service(code: ProblemCode, message: string): void {
    this.#problems.push({ costs: "service", code, where: this.#where, message });
  }

  /** One endpoint is left out. */
  instance(code: ProblemCode, address: string, message: string): void {
    this.#problems.push({ costs: "instance", code, where: `${this.#where} ${quoted(address)}`, message });
  }

  /** Served, but changed. The same note is kept once: a label that is wrong is wrong at every instance. */
  note(code: ProblemCode, message: string): void {
    const key = `${code} ${message}`;
    this.#noted ??= new Set();
    if (this.#noted.has(key)) return;
    this.#noted.add(key);
    this.#problems.push({ costs: "note", code, where: this.#where, message });
  }

  sorted(): readonly MeshProblem[] {
    return this.#problems.length < 2 ? this.#problems : this.#problems.sort((a, b) => compareText(sortKey(a), sortKey(b)));
  }
}

/** Untrusted text for a message: quoted, escaped, at most 100 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 99)}…` : text);
}

function sortKey(problem: MeshProblem): string {
  return `${problem.costs}\n${problem.code}\n${problem.where}\n${problem.message}`;
}
