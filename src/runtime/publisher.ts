/**
 * Carries changed catalog entries through translation and encoding into the snapshot.
 *
 * A single change is published in the same turn of the event loop in which it was drained; a
 * flood is worked off in slices, so that the thread that answers istiod is never blocked for
 * long, and published as one net step.
 */
import type { CatalogEntry } from "../catalog/merged-service.ts";
import type { MeshObject, MeshProblem, Translation } from "../mesh/mesh-object.ts";
import type { EncodedObject } from "../snapshot/encode.ts";
import type { TypeKey } from "../snapshot/snapshot.ts";
import type { Publication, SnapshotStore } from "../snapshot/store.ts";
import { Unproved } from "./unproved.ts";

/** Milliseconds of work between two turns of the event loop. */
const sliceMs = 8;

/** While the first listings stream in, what has arrived becomes visible to tools this often, in ms. */
const partialPublishMs = 2_000;

/** A flood that never lets the queue run empty is published at least this often, in ms. */
const floodPublishMs = 100;

export interface PublisherRooms {
  readonly catalog: {
    drain(): { readonly keys: Iterable<string>; readonly seenAt: number };
    get(key: string): CatalogEntry | undefined;
    isComplete(): boolean;
  };
  /** Assigns and releases virtual addresses; both return the keys whose address changed. */
  readonly vips: {
    assign(key: string): readonly string[];
    release(key: string): readonly string[];
    get(key: string): string | undefined;
  };
  translate(entry: CatalogEntry, vip: string | undefined): Translation;
  encode(object: MeshObject, seenAt: number): EncodedObject;
  readonly store: Pick<SnapshotStore, "stage" | "publish">;
  /** Resources as an earlier process encoded them of the same inputs, until the first complete view is served. */
  readonly kept?: {
    take(name: string): { readonly object: Omit<EncodedObject, "seenAt">; readonly vip: string | undefined } | undefined;
    release(): void;
    /** Whether just this version is served under a name; undefined: nothing is. */
    isServed(name: string, version: string | undefined): boolean;
  };
  /** Called right before a publication: what it shows must be kept by then. */
  keep(): void;
  /** Epoch ms of the oldest change in what was just published. */
  published(seenAt: number): void;
}

/** What one name of the snapshot is made of. */
interface Target {
  readonly type: TypeKey;
  /** "namespace/name". */
  readonly name: string;
}

interface Encoded {
  readonly object: EncodedObject | undefined;
  readonly problems: readonly MeshProblem[];
}

const nothing: Encoded = { object: undefined, problems: [] };

export class Publisher {
  readonly #rooms: PublisherRooms;
  /** Targets to work off, with the epoch ms of the oldest change that touched them. */
  readonly #queue = new Map<string, number>();
  readonly #problems = new Map<string, readonly MeshProblem[]>();
  /** What was taken as an earlier process encoded it. */
  readonly #unproved = new Unproved(
    (id) => this.#attempt(id, Date.now(), "prove"),
    (isDone) => this.#proved(isDone),
  );
  readonly #idleListeners = new Set<() => void>();
  readonly #waiting: (() => void)[] = [];
  #oldest = Number.POSITIVE_INFINITY;
  /** Something was staged since the last publication. */
  #staged = false;
  #lastPublish = performance.now();
  /** The first complete view was worked off. */
  #caughtUp = false;
  #scheduled: NodeJS.Immediate | undefined;
  #partial: NodeJS.Timeout | undefined;

  constructor(rooms: PublisherRooms) {
    this.#rooms = rooms;
  }

  /** Call when the catalog has something dirty; cheap, and may be called often. */
  schedule(): void {
    this.#scheduled ??= setImmediate(() => this.#slice());
  }

  /** Everything the catalog knows is translated again, e.g. because the policy changed. */
  retranslate(keys: Iterable<string>): void {
    const now = Date.now();
    for (const key of keys) this.#enqueue(targetOf(key), now);
    this.schedule();
  }

  /** Changes taken from the catalog that are not translated yet. */
  get backlog(): number {
    return this.#queue.size;
  }

  /** True when every change the catalog reported is in the published snapshot. */
  isIdle(): boolean {
    return this.#scheduled === undefined && this.#queue.size === 0 && !this.#staged;
  }

  /** Called at the end of each publication after which nothing is left to do. Returns the unsubscription. */
  onIdle(listener: () => void): () => void {
    this.#idleListeners.add(listener);
    return () => this.#idleListeners.delete(listener);
  }

  /** Problems of everything translated, by snapshot target. */
  problems(): ReadonlyMap<string, readonly MeshProblem[]> {
    return this.#problems;
  }

  /** Problems of what is served, or would be, under one name. */
  problemsOf(target: Target): readonly MeshProblem[] {
    return this.#problems.get(targetId(target)) ?? [];
  }

  /** Calls back once nothing waits to be translated: at once, or behind the publication that follows, if one may. */
  whenWorkedOff(callback: () => void): void {
    if (this.#scheduled === undefined && this.#queue.size === 0) callback();
    else this.#waiting.push(callback);
  }

  /** Calls back once everything served was made by this process, perhaps at once. */
  whenProved(callback: () => void): void {
    this.#unproved.whenDone(callback);
  }

  close(): void {
    clearImmediate(this.#scheduled);
    clearTimeout(this.#partial);
    this.#scheduled = undefined;
    this.#staged = false;
    this.#queue.clear();
    this.#unproved.close();
    this.#idleListeners.clear();
    this.#waiting.length = 0;
  }

  #slice(): void {
    this.#scheduled = undefined;
    const { keys, seenAt } = this.#rooms.catalog.drain();
    for (const key of keys) this.#enqueue(targetOf(key), seenAt);
    const end = performance.now() + sliceMs;
    for (const [id, since] of this.#queue) {
      this.#queue.delete(id);
      this.#attempt(id, since, this.#caughtUp ? "make" : "take");
      if (performance.now() >= end) break;
    }
    if (this.#queue.size > 0) this.schedule();
    if (this.#mayPublish()) this.#publish();
    if (this.#queue.size === 0) for (const callback of this.#waiting.splice(0)) callback();
    if (this.isIdle()) for (const listener of [...this.#idleListeners]) listener();
  }

  /** A publication rebuilds every bucket it touches, so first listings and floods are published in batches. */
  #mayPublish(): boolean {
    const waited = performance.now() - this.#lastPublish;
    // Until the first listings are worked off, istiod waits for all of them: a part would only delay it.
    if (!this.#caughtUp && this.#queue.size === 0 && this.#rooms.catalog.isComplete()) this.#catchUp();
    // From then on, a registry that is added and not listed yet keeps nobody else's changes waiting.
    if (this.#caughtUp) return this.#queue.size === 0 || waited >= floodPublishMs;
    if (waited >= partialPublishMs) return true;
    this.#partial ??= setTimeout(() => {
      this.#partial = undefined;
      this.schedule();
    }, partialPublishMs - waited).unref();
    return false;
  }

  #catchUp(): void {
    this.#caughtUp = true;
    this.#rooms.kept?.release();
  }

  /** What an earlier process encoded was made anew, in part; a difference is published, and whoever has to move is translated. */
  #proved(isDone: boolean): void {
    const isDue = isDone || performance.now() - this.#lastPublish >= floodPublishMs;
    if (this.#queue.size > 0 || (this.#staged && isDue)) this.schedule();
  }

  /** Whatever goes wrong with one object is our failure, not the registry's word: it costs only that object, which stays as it was. */
  #attempt(id: string, seenAt: number, how: "take" | "make" | "prove"): void {
    const target = parseTarget(id);
    try {
      if (how === "take" && this.#take(target, seenAt)) this.#unproved.add(id);
      else this.#make(id, target, seenAt, how === "prove");
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#problems.set(id, [{ costs: "service", code: "encode-failed", where: target.name, message }]);
    }
  }

  /** Whether an earlier process encoded it already, of the same inputs. */
  #take(target: Target, seenAt: number): boolean {
    const taken = target.type === serviceEntry ? this.#rooms.kept?.take(target.name) : undefined;
    if (taken === undefined || this.#vip(target, true, seenAt) !== taken.vip) return false;
    this.#stage({ upserts: [{ ...taken.object, seenAt }] }, seenAt);
    return true;
  }

  #make(id: string, target: Target, seenAt: number, isProof: boolean): void {
    this.#unproved.delete(id);
    const entry = this.#entryOf(target);
    const vip = target.type === serviceEntry ? this.#vip(target, entry?.kind === "service", seenAt) : undefined;
    const { object, problems } = entry ? this.#encoded(entry, vip, seenAt) : nothing;
    if (problems.length > 0) this.#problems.set(id, problems);
    else this.#problems.delete(id);
    if (isProof && this.#rooms.kept?.isServed(target.name, object?.version)) return;
    this.#stage(object ? { upserts: [object] } : { removals: [target] }, seenAt);
  }

  #stage(publication: Publication, seenAt: number): void {
    this.#oldest = Math.min(this.#oldest, seenAt);
    this.#staged = true;
    this.#rooms.store.stage(publication);
  }

  #encoded(entry: CatalogEntry, vip: string | undefined, seenAt: number): Encoded {
    const { object, problems } = this.#rooms.translate(entry, vip);
    return { object: object && this.#rooms.encode(object, seenAt), problems };
  }

  /** Takes or gives back the virtual address; whoever has to move because of it is translated again. */
  #vip(target: Target, generated: boolean, seenAt: number): string | undefined {
    const { vips } = this.#rooms;
    const moved = generated ? vips.assign(target.name) : vips.release(target.name);
    for (const name of moved) if (name !== target.name) this.#enqueue({ type: target.type, name }, seenAt);
    return vips.get(target.name);
  }

  /** A ready resource and a generated service may claim one name: the ready one wins. */
  #entryOf({ type, name }: Target): CatalogEntry | undefined {
    const kind = type.slice(type.indexOf("/") + 1);
    const ready = this.#rooms.catalog.get(`resource:${kind}/${name}`);
    return ready ?? (kind === "ServiceEntry" ? this.#rooms.catalog.get(`service:${name}`) : undefined);
  }

  #publish(): void {
    this.#lastPublish = performance.now();
    const oldest = this.#oldest;
    this.#oldest = Number.POSITIVE_INFINITY;
    this.#staged = false;
    this.#rooms.keep();
    this.#rooms.store.publish();
    this.#unproved.begin();
    if (oldest !== Number.POSITIVE_INFINITY) this.#rooms.published(oldest);
  }

  #enqueue(target: Target, seenAt: number): void {
    const id = targetId(target);
    const queued = this.#queue.get(id);
    if (queued === undefined || seenAt < queued) this.#queue.set(id, seenAt);
  }
}

const networking = "networking.istio.io/";
const serviceEntry: TypeKey = `${networking}ServiceEntry`;

/** `service:ns/host` and `resource:Kind/ns/name` name the same table where both are ServiceEntries. */
function targetOf(key: string): Target {
  if (key.startsWith("service:")) return { type: serviceEntry, name: key.slice("service:".length) };
  const [, kind, name] = /^resource:([^/]+)\/(.*)$/.exec(key) ?? [];
  return { type: `${networking}${kind}` as TypeKey, name: name ?? "" };
}

function targetId({ type, name }: Target): string {
  return `${type} ${name}`;
}

function parseTarget(id: string): Target {
  const space = id.indexOf(" ");
  return { type: id.slice(0, space) as TypeKey, name: id.slice(space + 1) };
}
