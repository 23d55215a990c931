import type { Applications } from "./wire/applications.ts";

/** What a full copy says, and when. */
export interface Copy extends Applications {
  /** Epoch ms by the server's clock; undefined where it tells none. */
  readonly date: number | undefined;
}

/** One server of a cluster. */
export interface Peer {
  /** Without user and password. */
  readonly url: string;
  /** Everything. @throws ServerFailure */
  applications(): Promise<Copy>;
  /** What changed in the last minutes; undefined where the server tells no such thing, or not yet. @throws ServerFailure */
  delta(): Promise<Applications | undefined>;
}

/** The servers of one cluster, of which one is asked: its peers tell the same some seconds earlier or later. */
export class Cluster {
  readonly #peers: readonly Peer[];
  #current = 0;

  constructor(peers: readonly Peer[]) {
    this.#peers = peers;
  }

  get size(): number {
    return this.#peers.length;
  }

  get current(): Peer {
    return this.#peers[this.#current]!;
  }

  get others(): Peer[] {
    return this.#peers.filter((peer) => peer !== this.current);
  }

  use(peer: Peer): void {
    this.#current = this.#peers.indexOf(peer);
  }

  /** The one after the current takes its place. */
  next(): void {
    this.#current = (this.#current + 1) % this.#peers.length;
  }
}
