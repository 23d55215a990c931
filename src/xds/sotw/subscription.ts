/** A type of a full-state stream. Pure state. */
import type { SnapshotSource, TypeKey } from "../../snapshot/snapshot.ts";
import { type Push, Subscription } from "../subscription.ts";
import { Pacer, type PacingSettings, type Wait } from "./pacing.ts";
import { viewOf } from "./view.ts";

export class SotwSubscription extends Subscription {
  readonly #pacer: Pacer;
  /** Requested names; undefined: all of them. */
  names: ReadonlySet<string> | undefined;
  /** An answer is owed whatever the content: the type or its names were just asked for. */
  answerOwed = true;
  /** The content that was sent last (see `view.ts`); a push of equal content is skipped. */
  sentKey: string | undefined;
  /** The snapshot that was sent last. */
  sentSequence: number | undefined;

  constructor(typeUrl: string, type: TypeKey | undefined, names: ReadonlySet<string> | undefined, pacing: PacingSettings) {
    super(typeUrl, type);
    this.names = names;
    this.#pacer = new Pacer(pacing);
  }

  get nameCount(): number | undefined {
    return this.names?.size;
  }

  asksFor(name: string): boolean {
    return this.names === undefined || this.names.has(name);
  }

  objects(): number {
    return this.lastSent?.resources ?? 0;
  }

  isCurrent(source: SnapshotSource): boolean {
    return this.sentKey === viewOf(this, source.current(), source).key;
  }

  ready(now: number): boolean {
    return this.#pacer.ready(now);
  }

  check(now: number): Wait {
    return this.#pacer.check(now);
  }

  nextLook(now: number): number | undefined {
    return this.#pacer.nextLook(now);
  }

  sent(push: Push, key: string, sequence: number): void {
    this.answerOwed = false;
    this.sentKey = key;
    this.sentSequence = sequence;
    this.sending(push);
    this.#pacer.sent(push.sentAt, push.bytes);
  }

  protected caughtUp(now: number): void {
    if (this.inFlight.size === 0) this.#pacer.answered(now);
  }
}
