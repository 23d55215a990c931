/** What protects a registry's services now, and what it keeps. */
import type { OperatorWord } from "../../config/schema.ts";
import type { Hold, ItemHold } from "../protection/hold.ts";
import { type ProtectionState, protectionState } from "../protection/protection-state.ts";
import type { RegistryView } from "./registry-view.ts";

/** More of them are only counted. */
const maxItemHolds = 20;

export interface ProtectionReport {
  readonly state: ProtectionState;
  /** How many of its services are in which state. */
  readonly services: Readonly<Record<ProtectionState, number>>;
  /** Under which all its removals wait. */
  readonly holds: readonly Hold[];
  /** Of single services; the first ones. */
  readonly itemHolds: readonly ItemHold[];
  /** Sudden growth that is noticed now, of the registry and of single services; the first ones. */
  readonly growth: readonly (Hold | ItemHold)[];
  readonly operator: OperatorWord;
  /** Items that are served otherwise than the registry says them. */
  readonly heldItems: number;
  /** Endpoints that are served although the registry no longer names them. */
  readonly heldEndpoints: number;
  /** Those of them that flap damping keeps. */
  readonly dampedEndpoints: number;
  /** Endpoints that the registry names, and which wait. */
  readonly waitingEndpoints: number;
  /** So far: instances that came back while damping kept them, and sudden growth. */
  readonly returns: number;
  readonly growths: number;
}

/** Of a registry. */
export function protectionReport(view: RegistryView): ProtectionReport {
  const { items, holds, growth, departures, operator, rules } = view;
  const { held, counts } = items;
  const own = ownServices(view);
  const rest = protectionState({ ...factsOf(view), differs: false });
  const services = { live: 0, stale: 0, protected: own };
  services[rest] += counts.service - own;
  let waitingEndpoints = 0;
  for (const { added } of growth.waiting.values()) waitingEndpoints += added;
  return {
    state: protectionState({ ...factsOf(view), differs: held.size + growth.waiting.size > 0 }),
    services,
    holds: holds.all(rules),
    itemHolds: [...holds.items.values()].slice(0, maxItemHolds).map((hold) => ({ ...hold, until: hold.since + rules.massRemovalHold })),
    growth: [
      ...growth.all(rules),
      ...[...growth.items.values()].slice(0, maxItemHolds).map((one) => ({ ...one, until: one.since + rules.growthHold })),
    ],
    operator,
    heldItems: held.size,
    heldEndpoints: items.served - items.truth,
    dampedEndpoints: departures.size,
    waitingEndpoints,
    returns: departures.returns,
    growths: growth.times,
  };
}

/** Of what a registry gives of one service. */
export function itemState(view: RegistryView, itemId: string): ProtectionState {
  return protectionState({ ...factsOf(view), differs: isProtected(view, itemId) });
}

function factsOf({ status, operator, holds }: RegistryView) {
  return { isLive: status.phase === "live", isFrozen: operator.frozen !== undefined, isHolding: holds.waitForAll };
}

function isProtected({ items, holds, growth }: RegistryView, itemId: string): boolean {
  return items.held.has(itemId) || holds.items.has(itemId) || growth.waiting.has(itemId);
}

/** Services that are protected for themselves, whatever holds for all. */
function ownServices(view: RegistryView): number {
  const ids = new Set([...view.items.held.keys(), ...view.holds.items.keys(), ...view.growth.waiting.keys()]);
  let count = 0;
  for (const id of ids) if (id.startsWith("service/") && view.items.get(id) !== undefined) count += 1;
  return count;
}
