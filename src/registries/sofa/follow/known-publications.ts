/**
 * What is known of a SOFARegistry over all connections of one worker: what is published under which id, which services
 * the ids make, and what was told of them. A service that lost its last instance stays known, empty.
 */
import type { Emitter, Listing } from "../../contract.ts";
import { itemId, keyText, parseKeyText, type ServiceKey } from "../../service.ts";
import { type DataInfoId, dataInfoIdText } from "../data-info-id.ts";
import type { Segment } from "../messages/session-codec.ts";
import { publishedService } from "../provider/published-service.ts";
import { serviceName } from "../provider/service-key.ts";

interface KnownId {
  readonly id: DataInfoId;
  readonly service: KnownService;
  /** What each data center told last; undefined: none told anything to this worker. */
  segments: ReadonlyMap<string, Segment> | undefined;
}

interface KnownService {
  readonly key: ServiceKey;
  readonly members: Set<KnownId>;
  /** This worker told it. */
  told: boolean;
  /** An earlier worker told it. */
  readonly inherited: boolean;
}

export interface KnownPublicationsOptions {
  /** Ids of items. */
  readonly inherited: readonly string[];
  readonly warmUp: boolean;
  readonly emit: Emitter;
}

/** An id that nobody publishes and no list names is followed for this time, ms. */
export const forgottenAfterMs = 10 * 60_000;

const servicePrefix = "service/";
/** Names come and go; so many of the services that nobody publishes any more are remembered, the latest. */
const maxEmpty = 1_000;

export class KnownPublications {
  readonly #emit: Emitter;
  readonly #warmUp: boolean;
  /** By the text of the id. */
  readonly #ids = new Map<string, KnownId>();
  /** By the text of the key; those without members are empty, the latest last. */
  readonly #services = new Map<string, KnownService>();
  /** Told since the listing began. */
  #touched = new Set<KnownService>();
  /** When warm-ups end, ms since 1970. */
  readonly #warming = new Map<KnownService, number>();
  #wakesAt = Number.POSITIVE_INFINITY;
  #warmUpTimer: NodeJS.Timeout | undefined;

  constructor({ inherited, warmUp, emit }: KnownPublicationsOptions) {
    this.#emit = emit;
    this.#warmUp = warmUp;
    for (const item of inherited) {
      if (!item.startsWith(servicePrefix)) continue;
      const text = item.slice(servicePrefix.length);
      this.#services.set(text, { key: parseKeyText(text), members: new Set(), told: false, inherited: true });
    }
  }

  /** The ids that are followed. */
  get ids(): DataInfoId[] {
    return Array.from(this.#ids.values(), ({ id }) => id);
  }

  /** Follows an id from here on. */
  follow(id: DataInfoId): void {
    const text = dataInfoIdText(id);
    if (this.#ids.has(text)) return;
    const { key } = serviceName(id);
    let service = this.#services.get(keyText(key));
    if (!service) {
      service = { key, members: new Set(), told: false, inherited: false };
      this.#services.set(keyText(key), service);
    }
    const known: KnownId = { id, service, segments: undefined };
    service.members.add(known);
    this.#ids.set(text, known);
  }

  /** Nobody publishes the id any more. */
  forget(text: string): void {
    const known = this.#ids.get(text);
    if (!known) return;
    const { service } = known;
    this.#ids.delete(text);
    service.members.delete(known);
    this.#tell(service);
    // At the end of the line of those that may be forgotten.
    this.#services.delete(keyText(service.key));
    this.#services.set(keyText(service.key), service);
  }

  /** Whether somebody publishes the id, or perhaps did before this worker began. */
  mayHaveProviders(text: string): boolean {
    const known = this.#ids.get(text);
    if (!known) return false;
    if (!known.segments) return known.service.inherited;
    for (const { zones } of known.segments.values()) for (const data of zones.values()) if (data.length > 0) return true;
    return false;
  }

  /** Takes what data centers say of an id; what others said of it before stays. */
  put(text: string, segments: readonly Segment[]): void {
    this.replace(text, [...(this.#ids.get(text)?.segments?.values() ?? []), ...segments]);
  }

  /** Takes what all data centers say of an id; of two words of one the later counts. */
  replace(text: string, segments: readonly Segment[]): void {
    const known = this.#ids.get(text);
    if (!known) return;
    known.segments = new Map(segments.map((segment) => [segment.name, segment]));
    this.#tell(known.service);
  }

  /** From here on is counted what `commit` has to speak of. */
  beginListing(): void {
    this.#touched = new Set();
  }

  /** Ends a listing: what was not told during it is kept, and what nobody publishes is told empty. */
  commit(listing: Listing): void {
    this.#forgetSurplus();
    for (const service of this.#services.values()) {
      if (this.#touched.has(service)) continue;
      if (service.members.size === 0) this.#tell(service);
      else if (service.told || service.inherited) listing.keep(itemId({ kind: "service", service: { key: service.key, instances: [] } }));
    }
    listing.commit();
  }

  stop(): void {
    clearTimeout(this.#warmUpTimer);
  }

  #tell(service: KnownService): void {
    const members = [...service.members];
    const heard = members.flatMap(({ id, segments }) => (segments ? [{ id, segments: [...segments.values()] }] : []));
    // A part of what an earlier worker told would take the rest away.
    if (heard.length < members.length && !service.told) return;
    const { service: published, changesAt } = publishedService(service.key, heard, {
      now: Date.now(),
      warmUp: this.#warmUp,
      report: (problem) => this.#emit.problem(problem),
    });
    service.told = true;
    this.#touched.add(service);
    this.#emit.changed({ kind: "service", service: published });
    this.#warming.delete(service);
    if (changesAt === undefined) return;
    this.#warming.set(service, changesAt);
    this.#wakeBy(changesAt);
  }

  #wakeBy(at: number): void {
    if (at >= this.#wakesAt) return;
    clearTimeout(this.#warmUpTimer);
    this.#wakesAt = at;
    this.#warmUpTimer = setTimeout(() => this.#endWarmUps(), Math.max(0, at - Date.now()));
  }

  #endWarmUps(): void {
    this.#wakesAt = Number.POSITIVE_INFINITY;
    const now = Date.now();
    for (const [service, end] of [...this.#warming]) {
      if (end <= now) this.#tell(service);
      else this.#wakeBy(end);
    }
  }

  #forgetSurplus(): void {
    const empty = [...this.#services].filter(([, { members }]) => members.size === 0);
    for (const [text] of empty.slice(0, Math.max(0, empty.length - maxEmpty))) this.#services.delete(text);
  }
}
