/** What is made of a cluster's pods: items, kept up to date pod by pod. A view does no I/O. */
import type { Item } from "../../service.ts";
import type { Pod } from "./pod.ts";

export interface ItemChange {
  readonly id: string;
  /** Undefined: it is gone. */
  readonly item: Item | undefined;
}

export interface PodsView {
  /** A pod came, changed or went (undefined). @param key `namespace/name` */
  set(key: string, pod: Pod | undefined): void;
  /** These are all pods there are. */
  replace(pods: ReadonlyMap<string, Pod>): void;
  /** Where a node is, is known otherwise than before. */
  nodeChanged(node: string): void;
  /** What may be another item since it was asked last. */
  drain(): Iterable<ItemChange>;
  /** Everything there is. */
  items(): Iterable<Item>;
}

/** The pods that are gone or different, so that a complete list can be taken over pod by pod. */
export function takeOver(view: Pick<PodsView, "set">, known: ReadonlyMap<string, Pod>, now: ReadonlyMap<string, Pod>): void {
  for (const key of [...known.keys()]) if (!now.has(key)) view.set(key, undefined);
  for (const [key, pod] of now) if (known.get(key) !== pod) view.set(key, pod);
}
