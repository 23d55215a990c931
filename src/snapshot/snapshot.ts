/**
 * The versioned state that is served. A snapshot never changes once it is published; the next
 * one shares everything that stayed the same. The types here know neither gRPC nor a registry.
 */

/** `group/Kind`, without the API version: one table serves every version istiod may ask for. */
export type TypeKey = "networking.istio.io/ServiceEntry" | "networking.istio.io/WorkloadEntry" | "networking.istio.io/Sidecar";

export const ownedTypes: readonly TypeKey[] = [
  "networking.istio.io/ServiceEntry",
  "networking.istio.io/WorkloadEntry",
  "networking.istio.io/Sidecar",
];

/** One resource, encoded once per change. */
export interface Entry {
  /** "namespace/name". */
  readonly name: string;
  /** Hash of the canonical content: equal on every replica and after every restart. */
  readonly version: string;
  /**
   * The bytes of one `resources` field of a DiscoveryResponse, tag and length included:
   * splicing them one after the other gives the repeated field.
   */
  readonly framed: Uint8Array;
  /** The bytes of the object itself (the body's message), a view into `framed`. */
  readonly body: Uint8Array;
  /** Epoch ms when the change that made this version was seen by a registry's worker. */
  readonly seenAt: number;
}

/** All resources of one type. */
export interface ResourceTable {
  readonly type: TypeKey;
  readonly size: number;
  /** Sum of all `framed` lengths. */
  readonly byteLength: number;
  /** Digest over (name, version) of every entry, independent of order and history. */
  readonly digest: string;
  get(name: string): Entry | undefined;
  entries(): Iterable<Entry>;
  /** The framed bytes of all entries, in few large pieces that stay valid as long as they are referenced. */
  chunks(): readonly Uint8Array[];
}

export interface Snapshot {
  /** Grows by one with each publication of this process. */
  readonly sequence: number;
  table(type: TypeKey): ResourceTable;
  /** Digest over all tables; the `state_digest` metric. */
  readonly digest: string;
}

/** Names that changed after a sequence number, or undefined when the log does not reach back that far. */
export interface Changes {
  readonly updated: readonly string[];
  readonly removed: readonly string[];
}

export type SnapshotListener = (snapshot: Snapshot, changedTypes: ReadonlySet<TypeKey>) => void;

/** What readers of the snapshot see. */
export interface SnapshotSource {
  current(): Snapshot;
  /** Net changes of a type after `sequence`. */
  changesSince(type: TypeKey, sequence: number): Changes | undefined;
  subscribe(listener: SnapshotListener): () => void;
}

/** The whole state, and the parts of it that are served on ports of their own. */
export interface ShardedSource extends SnapshotSource {
  /** At least one; their union is the whole, and no name is in two of them. */
  readonly shards: readonly SnapshotSource[];
}
