/**
 * The hold after a reconnect, a restart or a suspicion. Its time runs from when the registry is
 * live again; at its end the registry is read again, and the listing that follows closes it.
 */
import type { RegistryStatus } from "../../registries/feed.ts";
import type { Hold, HoldReason } from "./hold.ts";

/** How soon a registry that did not answer a `relist` is asked again, at the earliest. */
const minRelistGap = 1_000;

export class RestartHold {
  #hold: Hold | undefined;
  #liveSince: number | undefined;
  #relistedAt: number | undefined;

  get current(): Hold | undefined {
    return this.#hold;
  }

  /** The registry was asked to be read again: its next listing is the last word. */
  get awaitsListing(): boolean {
    return this.#hold !== undefined && this.#relistedAt !== undefined;
  }

  /** Opens it, or starts it over; gives the hold if there was none before. */
  open(why: HoldReason, detail: string, now: number): Hold | undefined {
    const before = this.#hold;
    this.away();
    this.#hold = { why, detail, since: before?.since ?? now };
    return before === undefined ? this.#hold : undefined;
  }

  get isLive(): boolean {
    return this.#liveSince !== undefined;
  }

  live(now: number): void {
    this.#liveSince ??= now;
  }

  away(): void {
    this.#liveSince = undefined;
    this.#relistedAt = undefined;
  }

  relisted(now: number): void {
    this.#relistedAt = now;
  }

  close(): Hold | undefined {
    const hold = this.#hold;
    this.#hold = undefined;
    this.#relistedAt = undefined;
    return hold;
  }

  /** Epoch ms at which the registry is to be read (again); `duration` in ms. */
  end(duration: number): number | undefined {
    if (this.#hold === undefined || this.#liveSince === undefined) return undefined;
    return this.#relistedAt === undefined ? this.#liveSince + duration : this.#relistedAt + Math.max(duration, minRelistGap);
  }
}

/** Whether a status tells that the connection which filled the view was lost, or has a successor. */
export function isReplaced(before: RegistryStatus | undefined, status: RegistryStatus): boolean {
  if (!before?.synced && !status.synced) {
    // A first connection replaces nothing, and its signs of life may overtake its first listing. What was filled from elsewhere has a hold.
    if (status.restored || status.reason === undefined) return false;
    return before?.reason !== status.reason || before.epoch !== status.epoch;
  }
  // A first listing whose connection was lost before we could apply it is continued by another connection.
  if (!before?.synced) return status.phase === "stale";
  // A supervisor that starts over counts its epochs anew, and is not synced.
  return before.epoch !== status.epoch || !status.synced;
}
