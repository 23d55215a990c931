import type { JuteReader } from "./protocol/jute.ts";

/** A request on its way: one of its functions settles it. */
export interface PendingRequest {
  readonly path: string;
  /** @throws RangeError when the content is not what was asked for */
  answered(content: JuteReader): void;
  /** The node does not exist. */
  absent(): void;
  failed(error: Error): void;
}

/** Then numbering starts again, long after the first numbers were answered. */
const maxXid = 0x7fff_ffff;

/** The requests of one connection that wait for their answers, by number. */
export class PendingRequests {
  /** In the order in which they were made, which is the order of their answers. */
  readonly #byXid = new Map<number, { readonly request: PendingRequest; readonly since: number }>();
  #xid: number;

  /** @param lastXid the number before the first one */
  constructor(lastXid = 0) {
    this.#xid = lastXid;
  }

  /** @returns the number under which it travels */
  add(request: PendingRequest): number {
    this.#xid = this.#xid === maxXid ? 1 : this.#xid + 1;
    this.#byXid.set(this.#xid, { request, since: performance.now() });
    return this.#xid;
  }

  get(xid: number): PendingRequest | undefined {
    return this.#byXid.get(xid)?.request;
  }

  delete(xid: number): void {
    this.#byXid.delete(xid);
  }

  /** The one that waits longest, and for how many ms. */
  get oldest(): { readonly path: string; readonly waited: number } | undefined {
    for (const { request, since } of this.#byXid.values()) return { path: request.path, waited: performance.now() - since };
    return undefined;
  }

  failAll(error: Error): void {
    const all = [...this.#byXid.values()];
    this.#byXid.clear();
    for (const { request } of all) request.failed(error);
  }
}
