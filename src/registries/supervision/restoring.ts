import type { StateOrigin } from "../feed.ts";

/** What an earlier process kept of a registry, on its way to whoever comes after the supervisor. */
export interface Restoring {
  /** Ids of everything that was kept: what a session must know of earlier workers. Never rejects. */
  readonly known: Promise<readonly string[]>;
  /**
   * Resolves once downstream has it, from when on the registry may be heard. Gives what to say of a
   * state that was complete; undefined: it was not. Never rejects.
   */
  readonly applied: Promise<Restored | undefined>;
}

export interface Restored {
  /** Why the registry is not live, as long as nothing better is known. */
  readonly reason: string;
  readonly from: StateOrigin;
}
