/** The pure rules of protection: what counts as shrinkage, and what a held service looks like. */
import type { ProtectionConfig } from "../config/schema.ts";
import type { RegistryStatus } from "../registries/feed.ts";
import type { Instance, Item, Service } from "../registries/service.ts";
import { endpointIdentity } from "./endpoint-identity.ts";

/**
 * The instances that `now` lost against `before`. One that came back under another id at the
 * same place, or under the same id at another place, is not lost.
 */
function missingInstances(before: Service, now: Service): readonly Instance[] {
  const ids = new Set<string>();
  const places = new Set<string>();
  for (const instance of now.instances) {
    ids.add(instance.id);
    places.add(endpointIdentity(instance));
  }
  return before.instances.filter((instance) => !ids.has(instance.id) && !places.has(endpointIdentity(instance)));
}

/** What is served while shrinkage is held: everything new, and the instances that would leave. Undefined if none would. */
export function withMissing(before: Item | undefined, now: Item): Item | undefined {
  if (now.kind !== "service" || before?.kind !== "service") return undefined;
  const missing = missingInstances(before.service, now.service);
  return missing.length === 0
    ? undefined
    : { kind: "service", service: { ...now.service, instances: [...now.service.instances, ...missing] } };
}

/** A service of a drained registry: its hosts and ports stay, its endpoints do not. */
export function drained(item: Item): Item {
  return item.kind === "service" ? { kind: "service", service: { ...item.service, instances: [] } } : item;
}

/** Epoch ms when the endpoints of an unreachable registry leave; undefined: never, as things are. */
export function drainAt(status: RegistryStatus | undefined, rules: ProtectionConfig): number | undefined {
  if (rules.unreachable !== "drain" || status?.phase !== "stale") return undefined;
  return (status.lastContact || status.since) + rules.drainAfter;
}

/** Whether going from `peak` to `left` endpoints within the window is a mass removal. A single 1 → 0 never is. */
export function isMassRemoval(peak: number, left: number, rules: ProtectionConfig): boolean {
  const gone = peak - left;
  return gone > 1 && gone > rules.massRemovalEndpoints && gone > rules.massRemovalRatio * peak;
}

/** The largest total of a sliding window, in at most `grains` notes. */
export class WindowPeak {
  static readonly grains = 20;
  /** Descending totals, each with the time when it ceased to be true. */
  #notes: { total: number; until: number }[] = [];

  /** Says that until `now` the total was `total`. */
  note(total: number, now: number, window: number): void {
    this.#drop(now, window);
    const grain = window / WindowPeak.grains;
    const notes = this.#notes;
    while (notes.length > 0 && (notes.at(-1)?.total ?? 0) <= total) notes.pop();
    const last = notes.at(-1);
    if (last === undefined || now - last.until >= grain) notes.push({ total, until: now });
  }

  /** The largest total noted within the window, and not less than `current`. */
  peak(current: number, now: number, window: number): number {
    this.#drop(now, window);
    return Math.max(current, this.#notes[0]?.total ?? 0);
  }

  clear(): void {
    this.#notes = [];
  }

  #drop(now: number, window: number): void {
    const kept = this.#notes.findIndex((note) => now - note.until < window);
    if (kept !== 0) this.#notes.splice(0, kept < 0 ? this.#notes.length : kept);
  }
}
