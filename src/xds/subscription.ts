/** What one stream asked for, was sent and has answered, for one type URL: the part that both protocols share. Pure state. */
import type { SnapshotSource, TypeKey } from "../snapshot/snapshot.ts";
import type { Wait } from "./sotw/pacing.ts";

/** One response on its way to the client or already answered. */
export interface Push {
  readonly nonce: string;
  /** The response's version: the digest of the table it brings the client to. */
  readonly version: string;
  /** Resources in the response. */
  readonly resources: number;
  /** Of these resources, framed. */
  readonly bytes: number;
  /** Monotonic ms. */
  readonly sentAt: number;
  /** Epoch ms at which a registry's worker saw the newest change in this push; undefined for a first answer. */
  readonly seenAt: number | undefined;
}

export abstract class Subscription {
  /** As requested; responses repeat it verbatim. */
  readonly typeUrl: string;
  /** The table behind it; undefined: not ours, always answered empty. */
  readonly type: TypeKey | undefined;
  /** Every push that was neither acknowledged nor rejected yet, by nonce, oldest first. */
  readonly inFlight = new Map<string, Push>();
  lastSent: Push | undefined;
  lastAcked: Push | undefined;
  /** Why the client rejected the push it answered last. */
  rejection: string | undefined;

  constructor(typeUrl: string, type: TypeKey | undefined) {
    this.typeUrl = typeUrl;
    this.type = type;
  }

  /** Names asked for; undefined: all of them. */
  abstract get nameCount(): number | undefined;
  abstract asksFor(name: string): boolean;
  /** Objects that its pushes so far brought the client to hold, or will; undefined where they are too many to count. */
  abstract objects(source: SnapshotSource): number | undefined;
  /** Whether there is nothing in the present snapshot that the client was not sent. */
  abstract isCurrent(source: SnapshotSource): boolean;
  /** Whether the pace of this client allows a push now. */
  abstract ready(now: number): boolean;
  /** Looks after unacknowledged pushes. */
  abstract check(now: number): Wait;
  /** When time alone may change `ready` or `check`. */
  abstract nextLook(now: number): number | undefined;

  /**
   * The push a nonce belongs to, which is thereby answered, and with it every older one: a stream keeps its
   * order. Undefined for late, repeated or foreign nonces.
   */
  answered(nonce: string, now: number, rejection: string | undefined): Push | undefined {
    const push = this.inFlight.get(nonce);
    if (!push) return undefined;
    for (const older of this.inFlight.keys()) {
      this.inFlight.delete(older);
      if (older === nonce) break;
    }
    this.rejection = rejection;
    if (rejection === undefined) this.lastAcked = push;
    this.caughtUp(now);
    return push;
  }

  protected sending(push: Push): void {
    this.inFlight.set(push.nonce, push);
    this.lastSent = push;
  }

  /** An answer came in. */
  protected abstract caughtUp(now: number): void;
}
