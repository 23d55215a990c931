/** Follows the pods of one cluster and tells what a view makes of them. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Listing, Session, SessionContext } from "../../contract.ts";
import { itemId, type Locality } from "../../service.ts";
import { placesOf } from "../reflector/place.ts";
import { ReflectedCluster } from "../reflector/reflected-cluster.ts";
import type { Reflector } from "../reflector/reflector.ts";
import { nodes } from "../services/resources.ts";
import { type Pod, pods } from "./pod.ts";
import type { PodsView } from "./pods-view.ts";
import type { PodsSettings } from "./settings.ts";

/** Items that are told in one turn of the event loop: several clusters may share it. */
const perTurn = 200;

export class PodsSession implements Session {
  readonly #context: SessionContext;
  #settings: PodsSettings;
  readonly #cluster: ReflectedCluster;
  readonly #pods: readonly Reflector<Pod>[];
  readonly #nodes: Reflector<Locality>;
  readonly #view: PodsView;
  #telling: NodeJS.Immediate | undefined;
  #listing: Listing | undefined;
  /** A complete listing was told: from then on changes are told one by one. */
  #isListed = false;
  #closed = false;

  /** @param annotation key of the annotation that the view reads; undefined: none */
  constructor(
    context: SessionContext,
    settings: PodsSettings,
    annotation: string | undefined,
    viewOf: (nodeLocality: (node: string) => Locality | undefined) => PodsView,
  ) {
    const { emit, log } = context;
    this.#context = context;
    this.#settings = settings;
    this.#view = viewOf((node) => this.#nodes.objects.get(node));
    this.#cluster = new ReflectedCluster({ credential: settings.cluster, times: settings, emit, log, complete: () => void this.#list() });
    this.#pods = placesOf(settings).map((place) =>
      this.#cluster.reflect(pods(place, settings.labelSelector, annotation), (key, pod) => this.#changed(() => this.#view.set(key, pod))),
    );
    this.#nodes = this.#cluster.reflect(nodes, (node) => this.#changed(() => this.#view.nodeChanged(node)), true);
  }

  relist(): void {
    this.#cluster.relist();
  }

  update(settings: unknown): boolean {
    const next = settings as PodsSettings;
    const { cluster, ...others } = next;
    const { cluster: before, ...othersBefore } = this.#settings;
    const isSamePlace = cluster.network === before.network && cluster.region === before.region && cluster.zone === before.zone;
    if (!isSamePlace || JSON.stringify(others) !== JSON.stringify(othersBefore)) return false;
    this.#settings = next;
    void this.#cluster.update(cluster);
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearImmediate(this.#telling);
    this.#listing?.abandon("the session ended before the listing was complete");
    this.#cluster.close();
  }

  /** Tells everything there is. While a namespace may not be read, what was known and is not seen elsewhere stays. */
  async #list(): Promise<void> {
    const { emit, known } = this.#context;
    const refusals = this.#pods.flatMap((reflector) => this.#cluster.refusal(reflector) ?? []);
    if (refusals.length > 0 && refusals.length === this.#pods.length) {
      emit.unreachable(`cluster ${this.#settings.cluster.id}: ${refusals[0]}`);
      return;
    }
    const listing = emit.listing();
    this.#listing = listing;
    this.#view.replace(new Map(this.#pods.flatMap(({ objects }) => [...objects])));
    // All of it is told below.
    for (const _ of this.#view.drain());
    this.#isListed = true;
    // Of what earlier workers told, the rest may lie where nothing can be read.
    const unseen = new Set(refusals.length > 0 ? known : []);
    for (const id of unseen) listing.keep(id);
    let told = 0;
    for (const item of this.#view.items()) {
      const isUnseen = item.kind === "service" && item.service.instances.length === 0 && unseen.has(itemId(item));
      if (!isUnseen) listing.add(item);
      if (++told % perTurn === 0) await nextTurn();
      // A newer one took its place, which begins anew.
      if (this.#listing !== listing || this.#closed) return;
    }
    this.#listing = undefined;
    listing.commit();
  }

  #changed(change: () => void): void {
    // What came before the first complete listing is told by that.
    if (!this.#isListed) return;
    change();
    this.#telling ??= setImmediate(() => this.#tell());
  }

  #tell(): void {
    this.#telling = undefined;
    const { emit } = this.#context;
    for (const { id, item } of this.#view.drain()) {
      if (item) emit.changed(item);
      else emit.removed(id);
    }
  }
}
