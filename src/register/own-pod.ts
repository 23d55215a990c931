/** The one pod that is read and written: our own. */
import { ClusterConnection } from "../registries/kubernetes/connection/cluster-connection.ts";
import { isObject } from "../registries/kubernetes/reflector/kube-object.ts";

/** How the API server is reached. Asked for again before every exchange: the kubelet renews the token. */
export interface ApiAccess {
  /** Such as `https://10.0.0.1:443`. */
  readonly server: string;
  /** PEM. */
  readonly ca?: string;
  readonly token?: string;
}

/** As the Downward API tells it. */
export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  /** Absent: that of the pod which has the name when it is read first. */
  readonly uid?: string | undefined;
}

export interface OwnPodState {
  readonly uid: string;
  readonly resourceVersion: string;
  /** Empty: it has none so far. */
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Null takes a key away. */
export interface PodPatch {
  readonly labels: Readonly<Record<string, string | null>>;
  readonly annotations: Readonly<Record<string, string | null>>;
}

/** Most for one exchange, in ms. */
const timeoutMs = 10_000;

export class OwnPod {
  readonly #path: string;
  readonly #access: () => ApiAccess;
  #connection: ClusterConnection | undefined;
  #accessText = "";

  constructor({ namespace, name }: PodIdentity, access: () => ApiAccess) {
    this.#path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
    this.#access = access;
  }

  /** @throws ApiFailure */
  async read(): Promise<OwnPodState> {
    return stateOf(await this.#connected().json({ path: this.#path }));
  }

  /**
   * Changes the pod, if it is still as it was read.
   * @throws ApiFailure: with status 409 it is not, with 422 it may be another pod of that name
   */
  async patch({ uid, resourceVersion }: OwnPodState, patch: PodPatch): Promise<void> {
    const text = JSON.stringify({ metadata: { uid, resourceVersion, ...patch } });
    await this.#connected().json({ path: this.#path, method: "PATCH", body: { type: "application/merge-patch+json", text } });
  }

  close(): void {
    this.#connection?.close();
  }

  #connected(): ClusterConnection {
    const access = this.#access();
    const text = JSON.stringify(access);
    if (this.#connection === undefined || text !== this.#accessText) {
      this.#connection?.close();
      this.#connection = new ClusterConnection({ id: "own", priority: 0, ...access }, timeoutMs);
      this.#accessText = text;
    }
    return this.#connection;
  }
}

function stateOf(answer: unknown): OwnPodState {
  if (!isObject(answer)) throw new Error("the API server's answer is no pod");
  const { uid = "", resourceVersion = "", labels = {}, annotations = {} } = answer.metadata;
  const { podIP } = (answer.status ?? {}) as { podIP?: unknown };
  return { uid, resourceVersion, address: typeof podIP === "string" ? podIP : "", labels, annotations };
}
