import type { Changes, Snapshot, SnapshotSource, TypeKey } from "../../snapshot/snapshot.ts";
import { Sweeps } from "../sweep.ts";
import { DepartedNames } from "./departed-names.ts";
import { FrameCache } from "./frame-cache.ts";

/** Size of what the delta streams of a port share, for tests. */
export interface DeltaFeedLimits {
  /** Names that left, remembered per type; default 50,000. */
  readonly maxDeparted?: number;
  /** Bytes of framed resources kept for other streams; default 4 MiB. */
  readonly maxFrameBytes?: number;
}

/**
 * What all delta streams of one source share: what changed since a sequence, and bytes that are framed. With
 * it a stream remembers of its client no more than the sequence it was brought to.
 */
export class DeltaFeed {
  readonly frames: FrameCache;
  readonly sweeps = new Sweeps();
  readonly #source: SnapshotSource;
  readonly #departed: DepartedNames;
  /** Answers of the change log at `#sequence`: mostly all streams ask the same. */
  readonly #changes = new Map<string, Changes | undefined>();
  #sequence = -1;

  constructor(source: SnapshotSource, limits: DeltaFeedLimits = {}) {
    this.#source = source;
    this.#departed = new DepartedNames(source, limits.maxDeparted);
    this.frames = new FrameCache(limits.maxFrameBytes);
  }

  current(): Snapshot {
    return this.#source.current();
  }

  /** See `SnapshotSource.changesSince`. */
  changesSince(type: TypeKey, sequence: number): Changes | undefined {
    const now = this.current().sequence;
    if (now !== this.#sequence) this.#changes.clear();
    this.#sequence = now;
    const key = `${sequence} ${type}`;
    if (!this.#changes.has(key)) this.#changes.set(key, this.#source.changesSince(type, sequence));
    return this.#changes.get(key);
  }

  /** See `DepartedNames.since`. */
  departedSince(type: TypeKey, sequence: number): readonly string[] | undefined {
    return this.#departed.since(type, sequence);
  }

  close(): void {
    this.#departed.close();
  }
}
