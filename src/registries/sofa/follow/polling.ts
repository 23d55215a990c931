/**
 * Reads the data servers over HTTP, again and again, where session servers cannot be reached. Every reading is whole, or
 * counts for nothing: one server that does not answer may be the one that holds what is missing.
 */
import { backOff } from "../../back-off.ts";
import type { Listing, Session, SessionContext } from "../../contract.ts";
import type { HostPort } from "../../host-port.ts";
import { forEachLimited } from "../../task-pool.ts";
import { type DataInfoId, dataInfoIdText } from "../data-info-id.ts";
import { idFilter, readDatumLists, staticIds } from "../discovery/listed-services.ts";
import { readDatum } from "../http/data-pages.ts";
import type { Segment } from "../messages/session-codec.ts";
import type { SofaSettings } from "../settings.ts";
import { forgottenAfterMs, KnownPublications } from "./known-publications.ts";

/** An id in one data center, and the servers that hold it. */
interface HeldDatum {
  readonly id: DataInfoId;
  readonly dataCenter: string;
  readonly servers: HostPort[];
}

/** Each reading makes a server copy what it holds of an id. */
const maxReadings = 16;
/** After a reading that failed. */
const retry = { firstMs: 1_000, mostMs: 30_000 };

export class Polling implements Session {
  readonly #context: SessionContext;
  readonly #settings: SofaSettings;
  readonly #known: KnownPublications;
  /** Since when an id is held by no server although it had providers, ms of a clock that only runs forward. */
  readonly #missingSince = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #said = "";
  #reading = false;
  #readAgain = false;
  #closed = false;

  constructor(context: SessionContext, settings: SofaSettings) {
    this.#context = context;
    this.#settings = settings;
    this.#known = new KnownPublications({ inherited: context.known, warmUp: settings.warmUp, emit: context.emit });
    void this.#poll();
  }

  relist(): void {
    if (this.#reading) this.#readAgain = true;
    else void this.#poll();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#known.stop();
  }

  async #poll(): Promise<void> {
    const { emit, log } = this.#context;
    clearTimeout(this.#timer);
    this.#reading = true;
    const listing = emit.listing();
    this.#known.beginListing();
    let wait = this.#settings.refreshInterval * (0.9 + 0.2 * Math.random());
    try {
      await this.#read(listing);
      this.#failures = 0;
      this.#said = "";
    } catch (error) {
      if (this.#closed) return;
      const reason = error instanceof Error ? error.message : String(error);
      wait = Math.min(wait, backOff(this.#failures++, retry, Math.random()));
      listing.abandon(reason);
      emit.unreachable(reason);
      // An outage is said once, not with every attempt.
      log[reason === this.#said ? "debug" : "warn"]({ retryInMs: Math.round(wait) }, reason);
      this.#said = reason;
    }
    this.#reading = false;
    if (this.#closed) return;
    if (this.#readAgain) wait = 0;
    this.#readAgain = false;
    this.#timer = setTimeout(() => void this.#poll(), wait);
  }

  async #read(listing: Listing): Promise<void> {
    const held = await this.#held();
    for (const id of [...Array.from(held.values(), ({ id }) => id), ...staticIds(this.#settings).values()]) this.#known.follow(id);
    const found = new Map<string, Segment[]>();
    await forEachLimited([...held.values()], maxReadings, async ({ id, dataCenter, servers }) => {
      const copies = await Promise.all(servers.map((server) => readDatum(server, id, dataCenter, this.#settings.requestTimeout)));
      // A follower's copy may be behind its leader's.
      const newest = copies.reduce((one, other) => ((other?.version ?? -1n) > (one?.version ?? -1n) ? other : one));
      const text = dataInfoIdText(id);
      if (newest) found.set(text, [...(found.get(text) ?? []), newest]);
    });
    if (this.#closed) return;
    for (const [text, segments] of found) this.#known.replace(text, segments);
    this.#doubtMissing(found);
    this.#known.commit(listing);
  }

  /** What the data servers hold of what is wanted. */
  async #held(): Promise<Map<string, HeldDatum>> {
    const wanted = idFilter(this.#settings);
    const always = staticIds(this.#settings);
    const held = new Map<string, HeldDatum>();
    for (const [server, data] of await readDatumLists(this.#settings)) {
      for (const { dataCenter, id } of data) {
        const isWanted = wanted(id) || always.has(dataInfoIdText(id));
        if (!isWanted || (this.#settings.dataCenter ?? dataCenter) !== dataCenter) continue;
        const key = `${dataCenter},${dataInfoIdText(id)}`;
        const datum = held.get(key) ?? { id, dataCenter, servers: [] };
        datum.servers.push(server);
        held.set(key, datum);
      }
    }
    return held;
  }

  /**
   * An id whose last publisher left is held on, empty. One that no server holds any more smells of servers that have been
   * started again and know nothing until the publishers are back.
   */
  #doubtMissing(found: ReadonlyMap<string, unknown>): void {
    const now = performance.now();
    const always = staticIds(this.#settings);
    for (const id of this.#known.ids) {
      const text = dataInfoIdText(id);
      if (found.has(text)) {
        this.#missingSince.delete(text);
        continue;
      }
      const since = this.#missingSince.get(text) ?? now;
      this.#missingSince.set(text, since);
      if (this.#known.mayHaveProviders(text) && now - since < this.#settings.unknownGrace) {
        if (since === now) this.#context.emit.suspicious(`no data server holds ${text} any more`);
      } else if (now - since < forgottenAfterMs || always.has(text)) this.#known.replace(text, []);
      else {
        this.#missingSince.delete(text);
        this.#known.forget(text);
      }
    }
  }
}
