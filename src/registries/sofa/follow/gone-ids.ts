import { type DataInfoId, dataInfoIdText } from "../data-info-id.ts";
import { forgottenAfterMs, type KnownPublications } from "./known-publications.ts";

/** Which ids are to be given up: those that nobody publishes and no list names for some time. */
export class GoneIds {
  readonly #known: KnownPublications;
  /** ms of a clock that only runs forward. */
  readonly #since = new Map<string, number>();

  constructor(known: KnownPublications) {
    this.#known = known;
  }

  /** Texts of the ids whose time is over. @param listed a whole list */
  take(listed: ReadonlyMap<string, DataInfoId>): string[] {
    const now = performance.now();
    const gone: string[] = [];
    for (const id of this.#known.ids) {
      const text = dataInfoIdText(id);
      const since = this.#since.get(text) ?? now;
      const isOver = now - since >= forgottenAfterMs;
      if (isOver || listed.has(text) || this.#known.mayHaveProviders(text)) this.#since.delete(text);
      else this.#since.set(text, since);
      if (isOver && !listed.has(text) && !this.#known.mayHaveProviders(text)) gone.push(text);
    }
    return gone;
  }
}
