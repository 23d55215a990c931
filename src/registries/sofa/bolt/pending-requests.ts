import type { Frame } from "./frame.ts";

/** A request on its way: one of its functions settles it. */
export interface PendingRequest {
  answered(frame: Frame): void;
  failed(error: Error): void;
}

/** Then numbering starts again, long after the first numbers were answered. */
const maxId = 0x7fff_ffff;

/** The requests of one connection that wait for their answers, which may come in any order. */
export class PendingRequests {
  readonly #byId = new Map<number, { readonly request: PendingRequest; readonly since: number }>();
  #id: number;

  /** @param lastId the number before the first one */
  constructor(lastId = 0) {
    this.#id = lastId;
  }

  /** A number for something that nobody waits for. */
  nextId(): number {
    this.#id = this.#id === maxId ? 1 : this.#id + 1;
    return this.#id;
  }

  /** @returns the number under which it travels */
  add(request: PendingRequest): number {
    const id = this.nextId();
    this.#byId.set(id, { request, since: performance.now() });
    return id;
  }

  /** Settles the request with this number; nothing happens if there is none. */
  answer(frame: Frame): void {
    const pending = this.#byId.get(frame.id);
    this.#byId.delete(frame.id);
    pending?.request.answered(frame);
  }

  /** How long the one that waits longest has waited, ms; 0 without any. */
  get longestWait(): number {
    for (const { since } of this.#byId.values()) return performance.now() - since;
    return 0;
  }

  failAll(error: Error): void {
    const all = [...this.#byId.values()];
    this.#byId.clear();
    for (const { request } of all) request.failed(error);
  }
}
