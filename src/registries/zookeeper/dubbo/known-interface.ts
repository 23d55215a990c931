/**
 * What was emitted of one interface, kept over sessions: enough to tell whether a reading takes
 * something away and to go on serving a service that lost its last provider. Instances are kept
 * as hashes only; their texts would cost hundreds of bytes each.
 */

import { applicationsOf, type ConsumerUrl } from "../../dubbo/consumer-url.ts";
import { serviceOf } from "../../dubbo/provider-services.ts";
import { type Instance, keyText, type Service, type ServiceKey } from "../../service.ts";

/** Losses of this time are judged together, ms. */
const lossWindow = 1_000;
/** A loss is slight while this share of the instances stays. */
const slightShare = 2 / 3;

interface KnownService {
  readonly key: ServiceKey;
  /** 32-bit hashes of the instances' ids. */
  readonly instances: readonly number[];
  /** 32-bit hashes of the names of the applications that provide them. */
  readonly applications: readonly number[];
  /** How many instances there were before the losses of the last `lossWindow` began, and when that was, ms. */
  readonly full: number;
  readonly losingSince: number;
}

/** Groups and versions come and go; so many of an interface's empty services are remembered, the latest. */
const maxEmptyServices = 100;

export class KnownInterface {
  /** Decoded name. */
  readonly name: string;
  /** Its nodes could be read, by this worker or perhaps an earlier one. */
  isRead = false;
  readonly #services = new Map<string, KnownService>();
  #consumers: readonly ConsumerUrl[] = [];
  #consumersText = "[]";

  constructor(name: string) {
    this.name = name;
  }

  get consumers(): readonly ConsumerUrl[] {
    return this.#consumers;
  }

  /** Keys of everything emitted. */
  get keys(): ServiceKey[] {
    return Array.from(this.#services.values(), ({ key }) => key);
  }

  get isEmitted(): boolean {
    return this.#services.size > 0;
  }

  /** Its services by the applications that call them. */
  get calls(): ReadonlyMap<string, readonly ServiceKey[]> {
    const calls = new Map<string, ServiceKey[]>();
    if (this.#consumers.length === 0) return calls;
    for (const { key } of this.#services.values()) {
      for (const application of applicationsOf(key, this.#consumers)) {
        const keys = calls.get(application);
        if (keys) keys.push(key);
        else calls.set(application, [key]);
      }
    }
    return calls;
  }

  /** Whether an application provides it; now and then also true of one that does not. */
  isProvidedBy(application: string): boolean {
    const wanted = hash(application);
    for (const { applications } of this.#services.values()) if (applications.includes(wanted)) return true;
    return false;
  }

  /** @returns whether they differ from those before */
  setConsumers(consumers: readonly ConsumerUrl[]): boolean {
    const text = JSON.stringify(consumers);
    if (text === this.#consumersText) return false;
    this.#consumersText = text;
    // Parsed anew so that no part keeps the node names in memory that it was cut from.
    this.#consumers = JSON.parse(text) as ConsumerUrl[];
    return true;
  }

  /** Whether each of its services can lose an instance and still keep most of them. */
  canSpareOne(now = performance.now()): boolean {
    return this.#services
      .values()
      .every((service) => service.instances.length === 0 || isSlight(service, service.instances.length - 1, now));
  }

  /** A reading beside what was emitted before: what grew, changed or lost a few instances, and what lost more than that. */
  compare(read: readonly Service[], now = performance.now()): { readonly grown: readonly Service[]; readonly shrunk: readonly Service[] } {
    if (this.#services.size === 0) return { grown: read, shrunk: [] };
    const grown: Service[] = [];
    const shrunk: Service[] = [];
    const seen = new Set<string>();
    for (const service of read) {
      const text = keyText(service.key);
      seen.add(text);
      const before = this.#services.get(text);
      const present = new Set(service.instances.map(({ id }) => hash(id)));
      const stays = before === undefined || before.instances.every((id) => present.has(id)) || isSlight(before, present.size, now);
      (stays ? grown : shrunk).push(service);
    }
    for (const [text, { key, instances }] of this.#services) {
      if (!seen.has(text)) (instances.length === 0 ? grown : shrunk).push(serviceOf(key, [], this.#consumers));
    }
    return { grown, shrunk };
  }

  /**
   * Remembers what has just been emitted.
   * @returns whether it was for the first time
   */
  emitted({ key, instances }: Service, now = performance.now()): boolean {
    const text = keyText(key);
    const before = this.#services.get(text);
    // Delete first: the order of the map tells which empty services are the latest.
    const isNew = !this.#services.delete(text);
    this.#services.set(text, {
      key: detached(key),
      instances: instances.map(({ id }) => hash(id)),
      applications: providersOf(instances),
      ...losses(before, instances.length, now),
    });
    return isNew;
  }

  /** Takes over what an earlier worker emitted, of whose instances nothing is known. */
  inherit(keys: readonly ServiceKey[]): void {
    this.isRead = true;
    for (const key of keys) this.#services.set(keyText(key), { key, instances: [], applications: [], ...noLosses });
  }

  /** Forgets the oldest empty services beyond the bound. */
  forgetSurplus(): void {
    if (this.#services.size <= maxEmptyServices) return;
    const empty = [...this.#services].filter(([, { instances }]) => instances.length === 0);
    for (const [text] of empty.slice(0, Math.max(0, empty.length - maxEmptyServices))) this.#services.delete(text);
  }
}

/** Of a service that is whole. */
const noLosses = { full: 0, losingSince: Number.NEGATIVE_INFINITY };

/** Whether a service that has `left` instances lost few of those that it had when its recent losses began. */
function isSlight({ instances, full, losingSince }: KnownService, left: number, now: number): boolean {
  const before = now - losingSince < lossWindow ? Math.max(full, instances.length) : instances.length;
  return left >= slightShare * before;
}

function losses(before: KnownService | undefined, left: number, now: number): Pick<KnownService, "full" | "losingSince"> {
  if (before === undefined) return noLosses;
  const { instances, full, losingSince } = before;
  if (now - losingSince < lossWindow && left < full) return { full, losingSince };
  return left < instances.length ? { full: instances.length, losingSince: now } : noLosses;
}

/** A copy whose strings share no memory with the node names they were cut from. */
function detached(key: ServiceKey): ServiceKey {
  return JSON.parse(JSON.stringify(key)) as ServiceKey;
}

function providersOf(instances: readonly Instance[]): number[] {
  const applications = new Set<number>();
  let last: string | undefined;
  for (const { labels } of instances) {
    const application = labels?.application;
    if (application === undefined || application === last) continue;
    applications.add(hash(application));
    last = application;
  }
  return [...applications];
}

/** FNV-1a over the characters. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value;
}
