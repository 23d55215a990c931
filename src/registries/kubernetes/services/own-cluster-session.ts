/**
 * Follows the names of the Services in istiod's own cluster. istiod serves them already, so they are not told as
 * services but as facts: whoever serves the same host from elsewhere should know.
 */
import type { Session, SessionContext } from "../../contract.ts";
import { type Item, itemId } from "../../service.ts";
import type { KubeObject } from "../reflector/kube-object.ts";
import { ReflectedCluster } from "../reflector/reflected-cluster.ts";
import type { Reflector } from "../reflector/reflector.ts";
import type { KubernetesSettings } from "./settings.ts";

export class OwnClusterSession implements Session {
  readonly #context: SessionContext;
  readonly #settings: KubernetesSettings;
  readonly #cluster: ReflectedCluster;
  readonly #names: Reflector<true>;

  constructor(context: SessionContext, settings: KubernetesSettings) {
    const { emit, log } = context;
    this.#context = context;
    this.#settings = settings;
    this.#cluster = new ReflectedCluster({
      credential: settings.cluster,
      times: settings,
      emit,
      log,
      complete: () => emit.replaced([...this.#names.objects.keys()].map((name) => this.#fact(name))),
    });
    log.info({}, `cluster ${settings.cluster.id} is istiod's own, which has its Services already: they are not served a second time`);
    const project = ({ metadata: { namespace } }: KubeObject) => (namespace === undefined ? undefined : true);
    this.#names = this.#cluster.reflect(
      { name: "services", group: "/api/v1", metadataOnly: true, project },
      (name, exists, before) => this.#changed(name, exists, before),
      // Nothing is served of it: without permission, only warnings are missing.
      true,
    );
  }

  relist(): void {
    this.#cluster.relist();
  }

  update(settings: unknown): boolean {
    const { cluster, ownCluster } = settings as KubernetesSettings;
    if (ownCluster || cluster.local !== true || cluster.id !== this.#settings.cluster.id) return false;
    void this.#cluster.update(cluster);
    return true;
  }

  async close(): Promise<void> {
    this.#cluster.close();
  }

  #changed(name: string, exists: true | undefined, before: true | undefined): void {
    if (!this.#names.isListed || exists === before) return;
    const fact = this.#fact(name);
    if (exists) this.#context.emit.changed(fact);
    else this.#context.emit.removed(itemId(fact));
  }

  #fact(name: string): Item {
    return { kind: "fact", fact: { subject: "service", name, cluster: this.#settings.cluster.id } };
  }
}
