/**
 * Keeps a projected copy of one resource of an API server: lists it in pages, then follows a watch from
 * that version on, with bookmarks, and resumes where it was. The copy is replaced only by a complete list; nothing
 * that fails takes anything away from it.
 *
 * - A watch ends by itself after `watchMs`, a little before which the server sends a bookmark. One that ended without
 *   a word, or after a failure, is in doubt: the server may have gone back to an older state (a restored etcd), whose
 *   watches stay silent for ever. So the version is compared before the next one.
 * - A version that is not kept any more (410), or that went back: everything is listed again.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type BackOffLimits, backOff } from "../../back-off.ts";
import { ApiFailure } from "../connection/api-failure.ts";
import type { ClusterConnection } from "../connection/cluster-connection.ts";
import { type KubeObject, objectKey, readPage } from "./kube-object.ts";
import { acceptOf, pathOf, type Resource } from "./resource.ts";
import { isOlder } from "./resource-version.ts";
import { watchEvents } from "./watch-events.ts";

export interface ReflectorEvents<T> {
  /** A complete list took the place of what was known. */
  listed(): void;
  /** One object came, changed or went (`object` undefined). Only what differs is told. */
  changed(key: string, object: T | undefined, before: T | undefined): void;
  /** The server answered. */
  contact(): void;
  /** An attempt failed; the next one comes by itself. */
  failed(failure: ApiFailure, verb: "list" | "watch"): void;
  /** The server is in an older state than before: what it says may be short of what was. */
  wentBack(): void;
}

export interface ReflectorTimes {
  /** Length of one watch; it ends and begins again at the same version. ms */
  readonly watchMs: number;
  /** Most ms for a page of a list, and for a watch to begin. */
  readonly requestMs: number;
  readonly backOff: BackOffLimits;
}

/** Objects per page: one page blocks the event loop for some ms, and is garbage of some MB. */
const pageSize = 250;
/** Beyond its own length, a watch is given up. ms */
const graceMs = 5_000;
/** Between two attempts at what the credential may not do: somebody may grant it, but not soon. */
const forbiddenBackOff = { firstMs: 500, mostMs: 30_000 };
/** A watch that the server ends sooner than this is not begun again at once. ms */
const shortWatchMs = 1_000;

export class Reflector<T> {
  readonly resource: Resource<T>;
  readonly #connection: () => ClusterConnection;
  readonly #events: ReflectorEvents<T>;
  readonly #times: ReflectorTimes;
  #objects = new Map<string, T>();
  /** Up to which everything is known; undefined: everything is to be listed. */
  #version: string | undefined;
  #listed = false;
  #inDoubt = false;
  /** Ends what is under way, so that the loop goes on with what is due. */
  #turn = new AbortController();
  #closed = false;

  /** @param connection asked for every request: it may be another one from now on */
  constructor(resource: Resource<T>, connection: () => ClusterConnection, events: ReflectorEvents<T>, times: ReflectorTimes) {
    this.resource = resource;
    this.#connection = connection;
    this.#events = events;
    this.#times = times;
    void this.#run();
  }

  /** By `namespace/name`. */
  get objects(): ReadonlyMap<string, T> {
    return this.#objects;
  }

  /** A complete list was read since the start. */
  get isListed(): boolean {
    return this.#listed;
  }

  /** Reads everything again, now. */
  relist(): void {
    this.#version = undefined;
    this.#turn.abort();
  }

  /** Goes on where it is, through the connection there is now. */
  reconnect(): void {
    this.#turn.abort();
  }

  close(): void {
    this.#closed = true;
    this.#turn.abort();
  }

  async #run(): Promise<void> {
    let attempt = 0;
    // Counted apart: an API server that comes back after a long outage forbids everything until it has read its roles.
    let refusals = 0;
    while (!this.#closed) {
      this.#turn = new AbortController();
      const { signal } = this.#turn;
      let verb: "list" | "watch" = "list";
      try {
        if (this.#version !== undefined && this.#inDoubt) await this.#compare(signal);
        if (this.#version === undefined) await this.#list(signal);
        verb = "watch";
        const begun = performance.now();
        await this.#watch(signal);
        refusals = 0;
        if (performance.now() - begun >= shortWatchMs) {
          attempt = 0;
          continue;
        }
      } catch (error) {
        if (signal.aborted) continue;
        const failure = error instanceof ApiFailure ? error : new ApiFailure("garbage", describe(error));
        // Who may not watch can still list, again and again.
        if (failure.kind === "expired" || (failure.kind === "forbidden" && verb === "watch")) this.#version = undefined;
        this.#inDoubt = true;
        refusals = failure.kind === "forbidden" ? refusals + 1 : 0;
        // A version that is too old is in the nature of things, and lists at once, unless it is so again and again.
        if (failure.kind === "expired" && attempt === 0) {
          attempt++;
          continue;
        }
        this.#events.failed(failure, verb);
      }
      const wait =
        refusals > 0 ? backOff(refusals - 1, forbiddenBackOff, Math.random()) : backOff(attempt++, this.#times.backOff, Math.random());
      // Whoever wants something of the loop ends its pause.
      await delay(wait, undefined, { signal }).catch(() => {});
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const objects = new Map<string, T>();
    let version: string | undefined;
    let next: string | undefined;
    do {
      const page = readPage(await this.#get({ limit: String(pageSize), ...(next !== undefined && { continue: next }) }, signal));
      for (const item of page.items) this.#put(objects, item);
      // All pages are of the version of the first.
      version ??= page.resourceVersion;
      next = page.next;
      this.#events.contact();
    } while (next !== undefined);
    if (signal.aborted) throw signal.reason;
    this.#objects = objects;
    this.#version = version;
    this.#listed = true;
    this.#inDoubt = false;
    this.#events.listed();
  }

  #put(objects: Map<string, T>, object: KubeObject): void {
    const projected = this.resource.project(object);
    if (projected !== undefined) objects.set(objectKey(object), projected);
  }

  /** One small read tells whether the server still stands where it stood. */
  async #compare(signal: AbortSignal): Promise<void> {
    const { resourceVersion } = readPage(await this.#get({ limit: "1" }, signal));
    this.#inDoubt = false;
    if (this.#version === undefined || !isOlder(resourceVersion, this.#version)) return;
    this.#version = undefined;
    this.#events.wentBack();
  }

  #get(query: Record<string, string>, signal: AbortSignal): Promise<unknown> {
    const { requestMs } = this.#times;
    return this.#connection().json({
      path: pathOf(this.resource, query),
      accept: acceptOf(this.resource, "list"),
      timeoutMs: requestMs,
      signal,
    });
  }

  async #watch(signal: AbortSignal): Promise<void> {
    // Somebody wants something else since the list.
    signal.throwIfAborted();
    const { watchMs, requestMs } = this.#times;
    const query = {
      watch: "1",
      allowWatchBookmarks: "true",
      resourceVersion: this.#version ?? "",
      timeoutSeconds: String(Math.max(1, Math.round(watchMs / 1_000))),
    };
    const ending = new AbortController();
    const cancel = (): void => ending.abort(signal.reason);
    signal.addEventListener("abort", cancel, { once: true });
    const late = setTimeout(
      () => ending.abort(new ApiFailure("silent", `a watch of ${watchMs} ms did not end by itself`)),
      watchMs + graceMs,
    );
    // Until it ended well with a word of the server's.
    let heard = false;
    try {
      const request = { path: pathOf(this.resource, query), accept: acceptOf(this.resource, "watch"), timeoutMs: requestMs };
      const body = await this.#connection().open({ ...request, signal: ending.signal });
      this.#events.contact();
      for await (const event of watchEvents(body)) {
        heard = true;
        this.#events.contact();
        if (event.type === "BOOKMARK") this.#advance(event.version);
        else this.#apply(event.type, event.object);
      }
    } catch (error) {
      throw ending.signal.aborted ? ending.signal.reason : error;
    } finally {
      clearTimeout(late);
      signal.removeEventListener("abort", cancel);
    }
    this.#inDoubt ||= !heard;
  }

  #apply(type: "ADDED" | "MODIFIED" | "DELETED", object: KubeObject): void {
    const key = objectKey(object);
    const before = this.#objects.get(key);
    const projected = type === "DELETED" ? undefined : this.resource.project(object);
    if (projected === undefined) this.#objects.delete(key);
    else this.#objects.set(key, projected);
    this.#advance(object.metadata.resourceVersion);
    if (projected !== undefined || before !== undefined) this.#events.changed(key, projected, before);
  }

  #advance(version: string | undefined): void {
    if (version === undefined || this.#version === undefined) return;
    if (isOlder(version, this.#version)) {
      // Within one watch versions only grow.
      this.#version = undefined;
      this.#events.wentBack();
      this.#turn.abort();
    } else this.#version = version;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
