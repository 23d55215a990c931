/** What is known of the addresses of a cluster's pods, as facts: what the endpoints of other registries there can take over. */
import type { Fact, Item, Locality } from "../../service.ts";
import { itemId } from "../../service.ts";
import { hasSidecar, type Pod } from "./pod.ts";
import { type ClusterDefaults, localityOf } from "./pod-placement.ts";
import { type ItemChange, type PodsView, takeOver } from "./pods-view.ts";

export interface PodFactsOptions {
  readonly cluster: ClusterDefaults;
  readonly nodeLocality: (node: string) => Locality | undefined;
  /** Which labels are told. */
  readonly isWanted: (label: string) => boolean;
}

export class PodFacts implements PodsView {
  readonly #options: PodFactsOptions;
  readonly #pods = new Map<string, Pod>();
  /** Keys of pods by address: one that is about to end may still name what another one has already. */
  readonly #byAddress = new Map<string, Set<string>>();
  readonly #touched = new Set<string>();

  constructor(options: PodFactsOptions) {
    this.#options = options;
  }

  set(key: string, pod: Pod | undefined): void {
    const before = this.#pods.get(key);
    for (const address of addressesOf(before)) {
      const keys = this.#byAddress.get(address);
      keys?.delete(key);
      if (keys?.size === 0) this.#byAddress.delete(address);
      this.#touched.add(address);
    }
    if (pod === undefined) this.#pods.delete(key);
    else this.#pods.set(key, pod);
    for (const address of addressesOf(pod)) {
      const keys = this.#byAddress.get(address) ?? new Set();
      this.#byAddress.set(address, keys.add(key));
      this.#touched.add(address);
    }
  }

  replace(pods: ReadonlyMap<string, Pod>): void {
    takeOver(this, this.#pods, pods);
  }

  nodeChanged(node: string): void {
    for (const pod of this.#pods.values()) if (pod.node === node) for (const address of addressesOf(pod)) this.#touched.add(address);
  }

  *drain(): Iterable<ItemChange> {
    const touched = [...this.#touched];
    this.#touched.clear();
    for (const address of touched) yield { id: itemId(this.#item({ name: address })), item: this.#itemAt(address) };
  }

  *items(): Iterable<Item> {
    for (const address of this.#byAddress.keys()) {
      const item = this.#itemAt(address);
      if (item) yield item;
    }
  }

  #itemAt(address: string): Item | undefined {
    const keys = [...(this.#byAddress.get(address) ?? [])].sort();
    const candidates = keys.flatMap((key) => this.#pods.get(key) ?? []);
    const pod = candidates.find(({ isEnding }) => !isEnding) ?? candidates[0];
    if (pod === undefined) return undefined;
    const { nodeLocality, cluster, isWanted } = this.#options;
    const locality = localityOf(pod.node === undefined ? undefined : nodeLocality(pod.node), cluster);
    const labels = Object.entries(pod.labels).filter(([label]) => isWanted(label));
    return this.#item({
      name: address,
      ...(labels.length > 0 && { labels: Object.fromEntries(labels.sort(([a], [b]) => (a < b ? -1 : 1))) }),
      ...(locality && { locality }),
      ...(pod.serviceAccount !== undefined && { serviceAccount: `${pod.namespace}/${pod.serviceAccount}` }),
      sidecar: hasSidecar(pod),
    });
  }

  #item(fact: Omit<Fact, "subject" | "cluster" | "network">): Item {
    const { id, network } = this.#options.cluster;
    return { kind: "fact", fact: { subject: "address", cluster: id, ...(network !== undefined && { network }), ...fact } };
  }
}

/** The addresses of a node say nothing about one pod there. */
function addressesOf(pod: Pod | undefined): readonly string[] {
  return pod === undefined || pod.isOnHostNetwork ? [] : pod.addresses;
}
