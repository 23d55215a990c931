/** Folds what happens to a registry and its worker into one `RegistryStatus`; no I/O, no timer. */
import type { RegistryStatus } from "../feed.ts";
import type { Restored } from "./restoring.ts";
import type { Commit } from "./worker-messages.ts";

const notRestored = { restored: undefined, restoredFrom: undefined } as const;

export class StatusTracker {
  #status: RegistryStatus;
  readonly #publish: (status: RegistryStatus) => void;
  readonly #now: () => number;
  #inContact = false;
  #losses = 0;
  #suspicions = 0;

  constructor(publish: (status: RegistryStatus) => void, now: () => number = Date.now) {
    this.#publish = publish;
    this.#now = now;
    this.#status = { phase: "starting", since: now(), synced: false, lastContact: 0, epoch: 0, restarts: 0 };
  }

  get status(): RegistryStatus {
    return this.#status;
  }

  contact(at: number): void {
    this.#inContact = true;
    this.#set({ lastContact: at });
  }

  /** A complete listing was applied. The registry is live only if no contact was lost since. */
  committed(commit: Commit): void {
    const suspicion = commit.suspicions === this.#suspicions ? undefined : this.#status.suspicion;
    if (commit.losses !== this.#losses) {
      // Contact was lost behind it; what was read before that is a complete view all the same.
      this.#set({ suspicion, synced: true, ...notRestored, phase: "stale" });
      return;
    }
    this.#inContact = true;
    const lastContact = Math.max(this.#status.lastContact, Math.floor(commit.seenAt));
    this.#set({ phase: "live", reason: undefined, synced: true, ...notRestored, lastContact, suspicion });
  }

  /** The complete state that an earlier process, or a peer, kept is served until the first listing. */
  restored({ reason, from }: Restored): void {
    if (!this.#status.synced) this.#set({ phase: "stale", restored: true, restoredFrom: from, reason: this.#status.reason ?? reason });
  }

  unreachable(reason: string, losses: number): void {
    this.#losses = losses;
    this.#lost(reason, {});
  }

  suspicious(what: string, suspicions: number): void {
    this.#suspicions = suspicions;
    this.#set({ suspicion: what });
  }

  /** A listing was given up. The session says for itself whether contact is lost. */
  abandoned(reason: string): void {
    if (this.#status.phase !== "live") this.#set({ reason: `a listing failed: ${reason}` });
  }

  /** The session is gone and another takes its place: whatever it knew of contact is void. */
  sessionLost(reason: string): void {
    this.#sessionLost(reason, {});
  }

  /** So is its worker, and not by our wish. `retryAt`: epoch ms at which the next one starts. */
  workerLost(reason: string, restarts: number, retryAt: number): void {
    this.#sessionLost(reason, { restarts, retryAt, lastEnd: { reason, at: this.#now() } });
  }

  /** A worker runs. */
  workerStarted(): void {
    if (this.#status.retryAt !== undefined) this.#set({ retryAt: undefined });
  }

  #sessionLost(reason: string, change: Partial<RegistryStatus>): void {
    this.#inContact = true;
    this.#losses = 0;
    this.#suspicions = 0;
    this.#lost(reason, change);
  }

  #lost(reason: string, change: Partial<RegistryStatus>): void {
    const epoch = this.#status.epoch + (this.#inContact ? 1 : 0);
    this.#inContact = false;
    this.#set({ ...change, phase: this.#status.synced || this.#status.restored ? "stale" : "starting", reason, epoch });
  }

  #set(change: Partial<RegistryStatus>): void {
    const since = change.phase === undefined || change.phase === this.#status.phase ? this.#status.since : this.#now();
    this.#status = { ...this.#status, ...change, since };
    this.#publish(this.#status);
  }
}
