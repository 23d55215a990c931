/** Follows the Services of one cluster and tells them. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ProblemCode } from "../../../errors/problem-codes.ts";
import type { Listing, Session, SessionContext } from "../../contract.ts";
import { nameFilter } from "../../name-filter.ts";
import { type Item, itemId, type Locality, parseKeyText } from "../../service.ts";
import { ReflectedCluster } from "../reflector/reflected-cluster.ts";
import type { Reflector } from "../reflector/reflector.ts";
import { FollowedPlace } from "./followed-place.ts";
import { meshService } from "./mesh-service.ts";
import { nodes } from "./resources.ts";
import type { KubernetesSettings } from "./settings.ts";

const servicePrefix = "service/";
/** Services that are told in one turn of the event loop: several clusters may share it. */
const perTurn = 200;

export class ServicesSession implements Session {
  readonly #context: SessionContext;
  #settings: KubernetesSettings;
  readonly #cluster: ReflectedCluster;
  readonly #places: readonly FollowedPlace[];
  readonly #nodes: Reflector<Locality>;
  /** By `namespace/name`, told in one go at the end of a turn. */
  readonly #touched = new Set<string>();
  #telling: NodeJS.Immediate | undefined;
  #listing: Listing | undefined;
  /** Nothing may be read at all. */
  #shutOut = false;
  #closed = false;

  constructor(context: SessionContext, settings: KubernetesSettings) {
    const { emit, log } = context;
    this.#context = context;
    this.#settings = settings;
    this.#cluster = new ReflectedCluster({
      credential: settings.cluster,
      times: settings,
      emit: {
        unreachable: (reason) => emit.unreachable(reason),
        suspicious: (what) => emit.suspicious(what),
        problem: (problem) => emit.problem(problem),
        // A server that answers, and says no to everything, is as good as away.
        contact: () => {
          if (!this.#shutOut) emit.contact();
        },
      },
      log,
      complete: () => void this.#list(),
    });
    this.#places = places(settings).map(
      (place) => new FollowedPlace(this.#cluster, place, settings.labelSelector, (service) => this.#touch(service)),
    );
    this.#nodes = this.#cluster.reflect(nodes, (name, locality) => this.#nodeChanged(name, locality), true);
  }

  relist(): void {
    this.#cluster.relist();
  }

  update(settings: unknown): boolean {
    const next = settings as KubernetesSettings;
    const before = this.#settings;
    const { cluster } = next;
    if (readingOf(next) !== readingOf(before)) return false;
    this.#settings = next;
    void this.#cluster.update(cluster);
    // What is known is told anew where the cluster lends its locality.
    if (cluster.region !== before.cluster.region || cluster.zone !== before.cluster.zone) this.#cluster.relist();
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearImmediate(this.#telling);
    this.#listing?.abandon("the session ended before the listing was complete");
    this.#cluster.close();
  }

  /** Tells everything there is. What may not be read stays as it was. */
  async #list(): Promise<void> {
    const { emit, known } = this.#context;
    const missing = this.#places.filter(({ refusal }) => refusal !== undefined);
    this.#shutOut = missing.length === this.#places.length;
    if (this.#shutOut) {
      emit.unreachable(`cluster ${this.#settings.cluster.id}: ${missing[0]?.refusal}`);
      return;
    }
    const listing = emit.listing();
    this.#listing = listing;
    const namespaces = new Set(missing.map(({ namespace }) => namespace));
    for (const id of known)
      if (id.startsWith(servicePrefix) && namespaces.has(parseKeyText(id.slice(servicePrefix.length)).namespace)) listing.keep(id);
    for (const [name, locality] of this.#nodes.objects) listing.add(this.#nodeFact(name, locality));
    let told = 0;
    for (const place of this.#places) {
      if (place.refusal !== undefined) continue;
      for (const key of [...place.services.keys()]) {
        const item = this.#item(place, key);
        if (item) listing.add(item);
        if (++told % perTurn === 0) await nextTurn();
        // A newer one took its place, which begins anew.
        if (this.#listing !== listing || this.#closed) return;
      }
    }
    this.#listing = undefined;
    listing.commit();
  }

  #touch(service: string): void {
    this.#touched.add(service);
    this.#telling ??= setImmediate(() => this.#tell());
  }

  #tell(): void {
    this.#telling = undefined;
    const { emit } = this.#context;
    const touched = [...this.#touched];
    this.#touched.clear();
    for (const key of touched) {
      const [namespace = "", name = ""] = key.split("/");
      const place = this.#places.find((one) => one.namespace === undefined || one.namespace === namespace);
      // What is not listed as yet is told by its listing.
      if (!place?.isListed) continue;
      const item = this.#item(place, key);
      if (item) emit.changed(item);
      else emit.removed(itemId({ kind: "service", service: { key: { namespace, name }, instances: [] } }));
    }
  }

  #item(place: FollowedPlace, key: string): Item | undefined {
    const object = place.services.get(key);
    if (object === undefined) return undefined;
    const { cluster, addressFamilies, exportTo } = this.#settings;
    const service = meshService(object, place.slicesOf(key), {
      cluster,
      families: addressFamilies,
      exportTo,
      nodeLocality: (node) => this.#nodes.objects.get(node),
      report: (code: ProblemCode, message: string) => this.#context.emit.problem({ code, where: key, message }),
    });
    return service && { kind: "service", service };
  }

  #nodeChanged(name: string, locality: Locality | undefined): void {
    if (!this.#nodes.isListed) return;
    const { emit } = this.#context;
    if (locality) emit.changed(this.#nodeFact(name, locality));
    else emit.removed(itemId(this.#nodeFact(name, {})));
    // Rare, and which Services it touches is not worth to be kept.
    for (const place of this.#places) for (const service of place.services.keys()) this.#touch(service);
  }

  #nodeFact(name: string, locality: Locality): Item {
    return { kind: "fact", fact: { subject: "node", name, cluster: this.#settings.cluster.id, locality } };
  }
}

/** What decides which session it takes, and what that one reads and tells. */
function readingOf({ cluster, ...settings }: KubernetesSettings): string {
  const { heartbeat, request, watch, relist, namespaces, excludeNamespaces, labelSelector, addressFamilies, exportTo, ownCluster } =
    settings;
  const times = [heartbeat, request, watch, relist];
  return JSON.stringify([
    cluster.id,
    cluster.local,
    times,
    namespaces,
    excludeNamespaces,
    labelSelector,
    addressFamilies,
    exportTo,
    ownCluster,
  ]);
}

/** Plain names are followed one by one, so that a credential for these namespaces is enough. */
function places({
  namespaces,
  excludeNamespaces,
}: KubernetesSettings): { namespace: string | undefined; wanted: (name: string) => boolean }[] {
  const plain = namespaces.length > 0 && namespaces.every((name) => !/[*?]/.test(name));
  if (!plain) return [{ namespace: undefined, wanted: nameFilter(namespaces, excludeNamespaces) }];
  const wanted = nameFilter([], excludeNamespaces);
  return [...new Set(namespaces)].filter(wanted).map((namespace) => ({ namespace, wanted }));
}
