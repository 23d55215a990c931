/**
 * A type of an incremental stream. Of what the client holds it remembers one number, the sequence up to which
 * the client was told everything, and the names whose deletion waits for its turn. Pure state.
 */
import type { SnapshotSource, TypeKey } from "../../snapshot/snapshot.ts";
import { AckWindow } from "../delta/ack-window.ts";
import type { PacingSettings, Wait } from "../sotw/pacing.ts";
import { type Push, Subscription } from "../subscription.ts";
import { ownedType } from "../type-url.ts";

export class IncrementalSubscription extends Subscription {
  /** The client was told everything up to here; undefined before its first answer. */
  sequence: number | undefined;
  /** Names that left, and whose deletion is told when those who refer to them were told. */
  readonly departing = new Set<string>();
  readonly #window: AckWindow;

  constructor(typeUrl: string, pacing: PacingSettings) {
    super(typeUrl, ownedType(typeUrl));
    this.#window = new AckWindow(pacing);
  }

  sent(push: Push): void {
    this.sending(push);
  }

  get nameCount(): undefined {
    return undefined;
  }

  asksFor(): boolean {
    return true;
  }

  objects(source: SnapshotSource): number {
    return this.lastSent === undefined || this.type === undefined ? 0 : source.current().table(this.type).size;
  }

  isCurrent(source: SnapshotSource): boolean {
    if (this.type === undefined) return this.lastSent !== undefined;
    return this.sequence === source.current().sequence && this.departing.size === 0;
  }

  ready(): boolean {
    return this.#window.isOpen(this.inFlight);
  }

  check(now: number): Wait {
    return this.#window.check(this.inFlight, now);
  }

  nextLook(): number | undefined {
    return this.#window.nextLook(this.inFlight);
  }

  protected caughtUp(): void {}
}

/** A subscription of a type that is served. */
export type Served = IncrementalSubscription & { readonly type: TypeKey };
