/** EndpointSlices by the Service they belong to. */
import type { EndpointSlice } from "./endpoint-slice.ts";

const none: ReadonlyMap<string, EndpointSlice> = new Map();

/** `namespace/name`. */
function serviceKey({ namespace, service }: EndpointSlice): string {
  return `${namespace}/${service}`;
}

export class SliceIndex {
  #byService = new Map<string, Map<string, EndpointSlice>>();

  /** @param slices by their own `namespace/name` */
  replace(slices: Iterable<readonly [string, EndpointSlice]>): void {
    this.#byService = new Map();
    for (const [key, slice] of slices) this.#add(key, slice);
  }

  /** One slice came, changed or went. Gives the Services that this touches. */
  change(key: string, slice: EndpointSlice | undefined, before: EndpointSlice | undefined): ReadonlySet<string> {
    const touched = new Set<string>();
    if (before) {
      const service = serviceKey(before);
      const slices = this.#byService.get(service);
      slices?.delete(key);
      if (slices?.size === 0) this.#byService.delete(service);
      touched.add(service);
    }
    if (slice) {
      this.#add(key, slice);
      touched.add(serviceKey(slice));
    }
    return touched;
  }

  /** @param service `namespace/name` */
  of(service: string): Iterable<EndpointSlice> {
    return (this.#byService.get(service) ?? none).values();
  }

  #add(key: string, slice: EndpointSlice): void {
    const service = serviceKey(slice);
    const slices = this.#byService.get(service);
    if (slices) slices.set(key, slice);
    else this.#byService.set(service, new Map([[key, slice]]));
  }
}
