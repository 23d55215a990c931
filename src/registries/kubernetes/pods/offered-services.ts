/** The services that pods offer: whose instances come from many pods, and stay those of their pod. */

import type { ConsumerUrl } from "../../dubbo/consumer-url.ts";
import { serviceOf } from "../../dubbo/provider-services.ts";
import type { Offer } from "../../pod-records/registrations.ts";
import { type Instance, keyText, parseKeyText, type Service, type ServiceKey } from "../../service.ts";
import type { Pod } from "./pod.ts";

/** Services come and go; so many of those without instances are remembered, the latest. */
const maxEmpty = 1_000;
const servicePrefix = "service/";

export interface PodOffer {
  readonly pod: Pod;
  readonly offer: Offer;
}

export class OfferedServices {
  /** By the service's key as text, then by the pod's key. */
  readonly #offers = new Map<string, Map<string, PodOffer[]>>();
  readonly #byPod = new Map<string, ReadonlySet<string>>();
  /** Those that lost their last instance, as they were called; the latest last. */
  readonly #empty = new Map<string, Service>();
  /** Services by their names alone. */
  readonly #byName = new Map<string, Set<string>>();

  /** @param inherited ids of what earlier workers told: it is empty until a pod offers it */
  constructor(inherited: readonly string[]) {
    for (const id of inherited) {
      if (id.startsWith(servicePrefix))
        this.#emptied(id.slice(servicePrefix.length), { key: parseKeyText(id.slice(servicePrefix.length)), instances: [] });
    }
  }

  /** Takes the place of what the pod offered before. @returns the services, by their keys' text, that are different now */
  set(podKey: string, pod: Pod, offers: readonly Offer[]): ReadonlySet<string> {
    const before = this.#byPod.get(podKey) ?? new Set<string>();
    const now = new Set<string>();
    for (const offer of offers) {
      const service = keyText(offer.key);
      const byPod = this.#offers.get(service) ?? new Map<string, PodOffer[]>();
      if (!now.has(service)) byPod.set(podKey, []);
      byPod.get(podKey)!.push({ pod, offer });
      now.add(service);
      this.#offers.set(service, byPod);
      this.#empty.delete(service);
      this.#name(service, offer.key.name);
    }
    if (now.size === 0) this.#byPod.delete(podKey);
    else this.#byPod.set(podKey, now);
    for (const service of before) if (!now.has(service)) this.#withdraw(service, podKey);
    return new Set([...before, ...now]);
  }

  /** Every service there is, also the empty ones. */
  *keys(): Iterable<string> {
    yield* this.#offers.keys();
    yield* this.#empty.keys();
  }

  /** Services of this name, whatever their group and version. */
  named(name: string): Iterable<string> {
    return this.#byName.get(name) ?? [];
  }

  /** Services that a pod offers. */
  ofPod(podKey: string): Iterable<string> {
    return this.#byPod.get(podKey) ?? [];
  }

  /** @param instanceOf the instance that an offer is, where its pod is; called pod by pod, in order */
  service(service: string, consumers: readonly ConsumerUrl[], instanceOf: (offer: PodOffer) => Instance): Service | undefined {
    const byPod = this.#offers.get(service);
    if (byPod === undefined) return this.#empty.get(service);
    const offers = [...byPod].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, pods]) => pods);
    const { key } = offers[0]!.offer;
    const hosts = [...new Set(offers.flatMap(({ offer }) => offer.hosts ?? []))].sort();
    const annotations = offers.find(({ offer }) => offer.annotations)?.offer.annotations;
    const { consumers: callers } = serviceOf(key, [], consumers);
    return {
      key,
      ...(hosts.length > 0 && { hosts }),
      instances: distinct(offers.map(instanceOf)),
      ...(callers && { consumers: callers }),
      ...(annotations && { annotations }),
    };
  }

  #withdraw(service: string, podKey: string): void {
    const byPod = this.#offers.get(service);
    const last = byPod?.get(podKey)?.[0]?.offer;
    byPod?.delete(podKey);
    if (byPod === undefined || byPod.size > 0 || last === undefined) return;
    this.#offers.delete(service);
    const { key, hosts, annotations } = last;
    this.#emptied(service, { key, ...(hosts && { hosts }), instances: [], ...(annotations && { annotations }) });
  }

  #emptied(service: string, empty: Service): void {
    this.#empty.delete(service);
    this.#empty.set(service, empty);
    this.#name(service, empty.key.name);
    for (const oldest of this.#empty.keys()) {
      if (this.#empty.size <= maxEmpty) return;
      this.#forget(oldest, this.#empty.get(oldest)!.key);
    }
  }

  #forget(service: string, { name }: ServiceKey): void {
    this.#empty.delete(service);
    const services = this.#byName.get(name);
    services?.delete(service);
    if (services?.size === 0) this.#byName.delete(name);
  }

  #name(service: string, name: string): void {
    this.#byName.set(name, (this.#byName.get(name) ?? new Set()).add(service));
  }
}

/** Of several pods at one place, such as one that ends and the one that has its address now, the ready one counts. */
function distinct(instances: readonly Instance[]): Instance[] {
  const byId = new Map<string, Instance>();
  for (const instance of instances) {
    const other = byId.get(instance.id);
    if (other === undefined || (other.health === "unhealthy" && instance.health !== "unhealthy")) byId.set(instance.id, instance);
  }
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
