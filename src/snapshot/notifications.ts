import type { Logger } from "../log/logger.ts";
import type { Snapshot, SnapshotListener, TypeKey } from "./snapshot.ts";

/** Tells listeners of new snapshots: synchronously, in order of sequence, whatever a listener does. */
export class Notifications {
  readonly #log: Logger;
  readonly #listeners = new Set<SnapshotListener>();
  readonly #waiting: { readonly snapshot: Snapshot; readonly types: ReadonlySet<TypeKey> }[] = [];
  #telling = false;

  /** @param log hears of listeners that throw */
  constructor(log: Logger) {
    this.#log = log;
  }

  subscribe(listener: SnapshotListener): () => void {
    // Wrapped, so that a function subscribed twice is called twice and leaves once.
    const subscription: SnapshotListener = (snapshot, types) => listener(snapshot, types);
    this.#listeners.add(subscription);
    return () => this.#listeners.delete(subscription);
  }

  /** A listener that publishes is heard after everybody has heard of the present snapshot. */
  tell(snapshot: Snapshot, types: ReadonlySet<TypeKey>): void {
    this.#waiting.push({ snapshot, types });
    if (this.#telling) return;
    this.#telling = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      for (const listener of [...this.#listeners]) {
        try {
          listener(next.snapshot, next.types);
        } catch (error) {
          this.#log.error({ err: error, sequence: next.snapshot.sequence }, "a listener of the snapshot failed; the others go on");
        }
      }
    }
    this.#telling = false;
  }
}
