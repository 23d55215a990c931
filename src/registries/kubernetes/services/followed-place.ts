/** Services and EndpointSlices of one namespace, or of all: what belongs together, and is told only if both can be read. */
import type { ReflectedCluster } from "../reflector/reflected-cluster.ts";
import type { Reflector } from "../reflector/reflector.ts";
import type { EndpointSlice } from "./endpoint-slice.ts";
import { endpointSlices, type Place, services } from "./resources.ts";
import type { ServiceObject } from "./service-object.ts";
import { SliceIndex } from "./slice-index.ts";

export class FollowedPlace {
  readonly namespace: string | undefined;
  readonly #cluster: ReflectedCluster;
  readonly #services: Reflector<ServiceObject>;
  readonly #slices: Reflector<EndpointSlice>;
  readonly #index = new SliceIndex();
  #indexed: ReadonlyMap<string, EndpointSlice> | undefined;

  /** @param touched told which Services may be different, by `namespace/name` */
  constructor(cluster: ReflectedCluster, place: Place, labelSelector: string | undefined, touched: (service: string) => void) {
    this.namespace = place.namespace;
    this.#cluster = cluster;
    this.#services = cluster.reflect(services(place, labelSelector), (key) => touched(key));
    this.#slices = cluster.reflect(endpointSlices(place), (key, slice, before) => {
      if (this.#indexed !== this.#slices.objects) return;
      for (const service of this.#index.change(key, slice, before)) touched(service);
    });
  }

  /** What it lacks to be read at all; undefined: nothing. */
  get refusal(): string | undefined {
    return this.#cluster.refusal(this.#services) ?? this.#cluster.refusal(this.#slices);
  }

  get isListed(): boolean {
    return this.#services.isListed && this.#slices.isListed;
  }

  /** By `namespace/name`. */
  get services(): ReadonlyMap<string, ServiceObject> {
    return this.#services.objects;
  }

  slicesOf(service: string): Iterable<EndpointSlice> {
    // A list of slices took the place of the one before.
    if (this.#indexed !== this.#slices.objects) {
      this.#indexed = this.#slices.objects;
      this.#index.replace(this.#indexed);
    }
    return this.#index.of(service);
  }
}
