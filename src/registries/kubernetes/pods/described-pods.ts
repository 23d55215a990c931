/** What the pods of a cluster say of themselves, joined to services; and who calls what, as facts. */

import { readAddress } from "../../address.ts";
import type { Problem } from "../../contract.ts";
import { ApplicationCalls } from "../../dubbo/application-calls.ts";
import { applicationsOf } from "../../dubbo/consumer-url.ts";
import { type Decode, nothing, type Offer, type Registrations } from "../../pod-records/registrations.ts";
import { type Instance, type Item, itemId, type Locality, parseKeyText, type ServiceKey } from "../../service.ts";
import { OfferedServices, type PodOffer } from "./offered-services.ts";
import { isOwnAddress } from "./own-address.ts";
import type { Pod } from "./pod.ts";
import { PodCallers } from "./pod-callers.ts";
import { accountOf, type ClusterDefaults, localityOf } from "./pod-placement.ts";
import { type ItemChange, type PodsView, takeOver } from "./pods-view.ts";

export interface DescribedPodsOptions {
  readonly cluster: ClusterDefaults;
  readonly nodeLocality: (node: string) => Locality | undefined;
  readonly decode: Decode;
  /** Key of the annotation, for problems. */
  readonly annotation: string;
  /** A pod may also register addresses that are not its own. */
  readonly foreignAddresses: boolean;
  /** Which labels of a pod its instances take. */
  readonly isWanted: (label: string) => boolean;
  readonly report: (problem: Problem) => void;
  /** Ids of what earlier workers told. */
  readonly known: readonly string[];
}

export class DescribedPods implements PodsView {
  readonly #options: DescribedPodsOptions;
  readonly #pods = new Map<string, Pod>();
  readonly #read = new Map<string, Registrations>();
  readonly #services: OfferedServices;
  readonly #callers = new PodCallers();
  readonly #applications = new ApplicationCalls([]);
  /** Services by their keys' text, interfaces and addresses of which something else may hold. */
  readonly #touched = { services: new Set<string>(), interfaces: new Set<string>(), addresses: new Set<string>() };

  constructor(options: DescribedPodsOptions) {
    this.#options = options;
    this.#services = new OfferedServices(options.known);
  }

  set(key: string, pod: Pod | undefined): void {
    const before = this.#pods.get(key);
    const shown = pod ?? before;
    if (shown === undefined) return;
    const { offers, calls } = pod ? this.#registrations(key, pod, before) : nothing;
    if (pod) this.#pods.set(key, pod);
    else {
      this.#pods.delete(key);
      this.#read.delete(key);
    }
    for (const service of this.#services.set(key, shown, offers)) this.#touchService(service);
    const { interfaces, addresses } = this.#callers.set(key, shown, calls);
    for (const address of addresses) this.#touched.addresses.add(address);
    for (const name of interfaces) {
      this.#touched.interfaces.add(name);
      for (const service of this.#services.named(name)) this.#touched.services.add(service);
    }
  }

  replace(pods: ReadonlyMap<string, Pod>): void {
    takeOver(this, this.#pods, pods);
  }

  nodeChanged(node: string): void {
    for (const [key, pod] of this.#pods) {
      if (pod.node === node) for (const service of this.#services.ofPod(key)) this.#touched.services.add(service);
    }
  }

  drain(): Iterable<ItemChange> {
    const { services, addresses } = this.#touched;
    this.#settleApplications();
    const changes: ItemChange[] = [];
    for (const service of services) changes.push({ id: `service/${service}`, item: this.#service(service) });
    for (const address of addresses) changes.push({ id: itemId(this.#fact(address, [])), item: this.#calling(address) });
    this.#applications.tell({
      changed: (item) => changes.push({ id: itemId(item), item }),
      removed: (id) => changes.push({ id, item: undefined }),
      problem: this.#options.report,
    });
    services.clear();
    addresses.clear();
    return changes;
  }

  *items(): Iterable<Item> {
    this.#settleApplications();
    for (const service of [...this.#services.keys()]) {
      const item = this.#service(service);
      if (item) yield item;
    }
    for (const address of [...this.#callers.addresses()]) yield this.#fact(address, this.#callers.callsFrom(address));
    const applications: Item[] = [];
    this.#applications.list({ add: (item) => applications.push(item), keep: () => {} });
    yield* applications;
  }

  /** A payload is read once, however often its pod changes otherwise. */
  #registrations(key: string, pod: Pod, before: Pod | undefined): Registrations {
    const read = this.#read.get(key);
    if (read !== undefined && before !== undefined && isSamePayload(before, pod)) return read;
    const registrations = this.#decode(key, pod);
    this.#read.set(key, registrations);
    return registrations;
  }

  #decode(key: string, pod: Pod): Registrations {
    if (pod.payload === undefined) return nothing;
    const { decode, annotation, report, foreignAddresses } = this.#options;
    const at = (place: string): string => `pod ${key} ${annotation} ${place}`.trim();
    const read = decode(pod.payload, pod, (problem) => report({ ...problem, where: at(problem.where) }));
    if (typeof read === "string") {
      report({ code: "bad-payload", where: at(""), message: read });
      return nothing;
    }
    const offers = read.offers.flatMap((offer): Offer[] => {
      const { id, address: written } = offer.instance;
      const address = readAddress(written);
      if (address === undefined)
        report({ code: "bad-address", where: at(id), message: `${JSON.stringify(written.slice(0, 100))} is no address` });
      else if (foreignAddresses || isOwnAddress(address, pod)) return [{ ...offer, instance: { ...offer.instance, address } }];
      else report({ code: "foreign-address", where: at(id), message: `the pod's own addresses are ${pod.addresses.join(", ")}` });
      return [];
    });
    return { offers, calls: read.calls };
  }

  #touchService(service: string): void {
    this.#touched.services.add(service);
    this.#touched.interfaces.add(parseKeyText(service).name);
  }

  /** Which applications call what there is now. */
  #settleApplications(): void {
    for (const name of this.#touched.interfaces) {
      const consumers = this.#callers.consumersOf(name);
      const calls = new Map<string, ServiceKey[]>();
      for (const service of consumers.length === 0 ? [] : this.#services.named(name)) {
        const key = parseKeyText(service);
        for (const application of applicationsOf(key, consumers)) calls.set(application, [...(calls.get(application) ?? []), key]);
      }
      this.#applications.set(name, calls);
    }
    this.#touched.interfaces.clear();
  }

  #service(text: string): Item | undefined {
    const consumers = this.#callers.consumersOf(parseKeyText(text).name);
    const service = this.#services.service(text, consumers, (offer) => this.#instance(offer));
    return service && { kind: "service", service };
  }

  #instance({ pod, offer: { instance } }: PodOffer): Instance {
    const { cluster, nodeLocality, isWanted } = this.#options;
    const own = isOwnAddress(instance.address, pod);
    const locality = instance.locality ?? localityOf(own && pod.node !== undefined ? nodeLocality(pod.node) : undefined, cluster);
    const labels = labelsOf(instance, pod, isWanted);
    return {
      ...instance,
      ...(!pod.isReady && { health: "unhealthy" }),
      ...(labels && { labels }),
      ...(locality && { locality }),
      ...(cluster.network !== undefined && { network: cluster.network }),
      cluster: cluster.id,
      ...(own && accountOf(pod)),
    };
  }

  #calling(address: string): Item | undefined {
    const calls = this.#callers.callsFrom(address);
    return calls.length === 0 ? undefined : this.#fact(address, calls);
  }

  #fact(address: string, calls: readonly ServiceKey[]): Item {
    const { id, network } = this.#options.cluster;
    return { kind: "fact", fact: { subject: "address", name: address, cluster: id, ...(network !== undefined && { network }), calls } };
  }
}

function isSamePayload(one: Pod, other: Pod): boolean {
  const relevant = ({ payload, addresses, labels }: Pod): string => JSON.stringify([payload, addresses, labels]);
  return one.payload === other.payload && relevant(one) === relevant(other);
}

/** What the registration says itself counts. */
function labelsOf({ labels }: Instance, pod: Pod, isWanted: (label: string) => boolean): Readonly<Record<string, string>> | undefined {
  const taken = Object.entries(pod.labels).filter(([label]) => isWanted(label));
  return taken.length === 0 ? labels : { ...Object.fromEntries(taken), ...labels };
}
