/** What one stream asked for, was sent and has answered, for one type URL. Pure state. */
import type { TypeKey } from "../snapshot/snapshot.ts";
import { Pacer, type PacingSettings } from "./pacing.ts";

/** One response on its way to the client or already answered. */
export interface Push {
  readonly nonce: string;
  /** The response's version_info. */
  readonly version: string;
  readonly resources: number;
  readonly bytes: number;
  /** Monotonic ms. */
  readonly sentAt: number;
  /** Epoch ms at which a registry's worker saw the newest change in this push; undefined for a first answer. */
  readonly seenAt: number | undefined;
}

export class Subscription {
  /** As requested; responses repeat it verbatim. */
  readonly typeUrl: string;
  /** The table behind it; undefined: not ours, always answered empty. */
  readonly type: TypeKey | undefined;
  readonly pacer: Pacer;
  /** Requested names; undefined: all of them. */
  names: ReadonlySet<string> | undefined;
  /** An answer is owed whatever the content: the type or its names were just asked for. */
  answerOwed = true;
  /** The content that was sent last (see `view.ts`); a push of equal content is skipped. */
  sentKey: string | undefined;
  /** The snapshot that was sent last. */
  sentSequence: number | undefined;
  /** Every push that was neither acknowledged nor rejected yet, by nonce. */
  readonly inFlight = new Map<string, Push>();
  lastSent: Push | undefined;
  lastAcked: Push | undefined;
  /** Why the client rejected the push it answered last. */
  rejection: string | undefined;

  constructor(typeUrl: string, type: TypeKey | undefined, names: ReadonlySet<string> | undefined, pacing: PacingSettings) {
    this.typeUrl = typeUrl;
    this.type = type;
    this.names = names;
    this.pacer = new Pacer(pacing);
  }

  sent(push: Push, key: string, sequence: number): void {
    this.answerOwed = false;
    this.sentKey = key;
    this.sentSequence = sequence;
    this.inFlight.set(push.nonce, push);
    this.lastSent = push;
    this.pacer.sent(push.sentAt, push.bytes);
  }

  /** The push a nonce belongs to, which is thereby answered; undefined for late, repeated or foreign nonces. */
  answered(nonce: string, now: number, rejection: string | undefined): Push | undefined {
    const push = this.inFlight.get(nonce);
    if (!push) return undefined;
    this.inFlight.delete(nonce);
    this.rejection = rejection;
    if (rejection === undefined) this.lastAcked = push;
    if (this.inFlight.size === 0) this.pacer.answered(now);
    return push;
  }
}
