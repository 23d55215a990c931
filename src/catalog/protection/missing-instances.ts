/** What a service lost, and what it looks like while that is kept. */
import type { Instance, Item, Service } from "../../registries/service.ts";
import { endpointIdentity } from "../endpoint-identity.ts";

/**
 * The instances that `now` lost against `before`. One that came back under another id at the
 * same place, or under the same id at another place, is not lost.
 */
export function missingInstances(before: Item | undefined, now: Item | undefined): readonly Instance[] {
  if (before?.kind !== "service") return [];
  const ids = new Set<string>();
  const places = new Set<string>();
  for (const instance of now?.kind === "service" ? now.service.instances : []) {
    ids.add(instance.id);
    places.add(endpointIdentity(instance));
  }
  return before.service.instances.filter((instance) => !ids.has(instance.id) && !places.has(endpointIdentity(instance)));
}

/** A service with instances that its registry no longer names. Undefined if there are none, or it is no service. */
export function withMissing(item: Item, missing: readonly Instance[]): Item | undefined {
  if (item.kind !== "service" || missing.length === 0) return undefined;
  return { kind: "service", service: { ...item.service, instances: [...item.service.instances, ...missing] } };
}

/** A service without its endpoints: its hosts and ports stay. Other items are as they were. */
export function emptied(item: Item): Item {
  const withoutInstances = (service: Service): Service => ({ ...service, instances: [] });
  return item.kind === "service" ? { kind: "service", service: withoutInstances(item.service) } : item;
}
