/**
 * What the istiod beside us acknowledged: for each of its streams and each type we own, the very
 * table of the push it answered last. A table never changes and shares with its successors what
 * stayed the same, so keeping it costs only what changed since.
 */
import { ownedTypes, type ResourceTable, type ShardedSource, type TypeKey } from "../snapshot/snapshot.ts";
import type { ClientIdentity } from "../xds/stream/client.ts";
import { type ObservedType, silentObserver, type XdsObserver } from "../xds/stream/observer.ts";

/** What istiod has acknowledged at one moment. */
export interface AcknowledgedState {
  /** Names the streams; another text later: istiod has connected anew. */
  readonly streams: string;
  readonly tables: readonly ResourceTable[];
  /** The tables that are served otherwise by now, and the sequence of the snapshot at which they were pushed. */
  readonly behind: readonly { readonly type: TypeKey; readonly sequence: number }[];
}

interface Pushed {
  readonly version: string;
  readonly table: ResourceTable;
  /** Whose table it was. */
  readonly shard: number;
  /** Of the whole snapshot; a shard may be one publication ahead of it. */
  readonly sequence: number;
}

interface TypeOnStream {
  pushed: Pushed | undefined;
  acknowledged: Pushed | undefined;
}

type Stream = Map<TypeKey, TypeOnStream>;

export interface AcknowledgedEvents {
  /** Something we own was sent to istiod. */
  pushed(): void;
  /** istiod acknowledged something, or left. */
  changed(): void;
}

export class Acknowledged {
  readonly #source: ShardedSource;
  readonly #events: AcknowledgedEvents;
  readonly #streams = new Map<string, Stream>();
  /** Those on which every type we own is acknowledged. Kept, because it is asked for at every push of every stream. */
  readonly #complete = new Map<string, Stream>();

  constructor(source: ShardedSource, events: AcknowledgedEvents) {
    this.#source = source;
    this.#events = events;
  }

  /** To be told of every stream of the xDS server. */
  readonly observer: XdsObserver = {
    ...silentObserver,
    onPush: ({ client, type, version }) => this.#pushed(client, type, version),
    onAck: ({ client, type, version }) => this.#acknowledged(client, type, version),
    onStreamClose: (client) => {
      this.#complete.delete(keyOf(client));
      if (this.#streams.delete(keyOf(client))) this.#events.changed();
    },
  };

  /** Undefined unless istiod is connected to every shard and has acknowledged every type we own on each. */
  state(): AcknowledgedState | undefined {
    if (this.#complete.size < this.#source.shards.length) return undefined;
    const answers = [...this.#complete.values()].flatMap((stream) => ownedTypes.flatMap((type) => stream.get(type) ?? []));
    const pushes = answers.flatMap(({ acknowledged }) => acknowledged ?? []);
    // Two streams of one shard do not stand for another one.
    if (new Set(pushes.map(({ shard }) => shard)).size < this.#source.shards.length) return undefined;
    // What is on its way may be held already, also where we have come back to what was acknowledged before it.
    const behind = answers.flatMap(({ pushed, acknowledged }) =>
      acknowledged && (pushed !== acknowledged || !this.#isCurrent(acknowledged)) ? [acknowledged] : [],
    );
    return {
      streams: [...this.#complete.keys()].join(" "),
      tables: pushes.map(({ table }) => table),
      behind: behind.map(({ table, sequence }) => ({ type: table.type, sequence })),
    };
  }

  /** What a shard serves now. Only its own tables count: those of two shards have one version where both are empty. */
  #served(shard: number, type: TypeKey): ResourceTable | undefined {
    return this.#source.shards[shard]?.current().table(type);
  }

  #isCurrent({ shard, table: { type }, version }: Pushed): boolean {
    return this.#served(shard, type)?.digest === version;
  }

  #pushed(client: ClientIdentity, type: ObservedType, version: string): void {
    if (client.kind !== "istiod" || type === "other") return;
    // The push was made from what is current at this moment; its version is the digest of its table.
    const { shard } = client;
    const table = this.#served(shard, type);
    const onStream = this.#typeOnStream(client, type);
    onStream.pushed = table?.digest === version ? { version, table, shard, sequence: this.#source.current().sequence } : undefined;
    this.#events.pushed();
  }

  #acknowledged(client: ClientIdentity, type: ObservedType, version: string): void {
    if (client.kind !== "istiod" || type === "other") return;
    const onStream = this.#typeOnStream(client, type);
    if (onStream.pushed?.version !== version) return;
    onStream.acknowledged = onStream.pushed;
    const key = keyOf(client);
    const stream = this.#streams.get(key)!;
    if (ownedTypes.every((each) => stream.get(each)?.acknowledged)) this.#complete.set(key, stream);
    this.#events.changed();
  }

  #typeOnStream(client: ClientIdentity, type: TypeKey): TypeOnStream {
    const key = keyOf(client);
    const stream = this.#streams.get(key) ?? new Map<TypeKey, TypeOnStream>();
    this.#streams.set(key, stream);
    const known = stream.get(type) ?? { pushed: undefined, acknowledged: undefined };
    stream.set(type, known);
    return known;
  }
}

/** Streams are numbered by each server, and there is one for each shard. */
function keyOf({ peer, stream }: ClientIdentity): string {
  return `${peer}#${stream}`;
}
