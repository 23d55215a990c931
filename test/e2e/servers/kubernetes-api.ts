/** Real Kubernetes API servers: several clusters on one etcd, each under a prefix of its own. There are no controllers and no nodes: what there is, a test wrote. */
import { createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { KubeConfig, type KubernetesObject, KubernetesObjectApi, PatchStrategy } from "@kubernetes/client-node";
import type { ClusterCredential } from "../../../src/clusters/credential.ts";
import type { ApiFailure } from "../../../src/registries/kubernetes/connection/api-failure.ts";
import { ClusterConnection } from "../../../src/registries/kubernetes/connection/cluster-connection.ts";
import { authority, certificate, certificateFile } from "../../support/certificates.ts";
import { installKubernetes } from "../install/kubernetes.ts";
import { Child } from "./child.ts";
import { Etcd } from "./etcd.ts";
import { eventually } from "./eventually.ts";
import { freePorts } from "./free-port.ts";

const adminToken = "admin-of-the-fixture";

export class KubernetesApi {
  /** Its prefix in etcd, and its id as a cluster. */
  readonly id: string;
  readonly port: number;
  readonly #binary: string;
  readonly #etcd: Etcd;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "kube-apiserver-"));
  readonly #admin: ClusterConnection;
  readonly #writer: KubernetesObjectApi;
  #child: Child | undefined;

  constructor(id: string, port: number, binary: string, etcd: Etcd) {
    this.id = id;
    this.port = port;
    this.#binary = binary;
    this.#etcd = etcd;
    this.#admin = new ClusterConnection(this.credential(), 30_000);
    const config = new KubeConfig();
    config.loadFromString(this.kubeconfig());
    this.#writer = KubernetesObjectApi.makeApiClient(config);
  }

  /** Starts clusters on one etcd; stop them together. */
  static async start(...ids: string[]): Promise<{ etcd: Etcd; apis: KubernetesApi[]; stop(): Promise<void> }> {
    const { apiserver } = await installKubernetes();
    const [etcd, ports] = [await Etcd.start(), await freePorts(ids.length)];
    const apis = ids.map((id, at) => new KubernetesApi(id, ports[at]!, apiserver, etcd));
    for (const api of apis) api.launch();
    await Promise.all(apis.map((api) => api.ready()));
    const stop = async () => {
      await Promise.all(apis.map((api) => api.stop()));
      await etcd.stop();
    };
    return { etcd, apis, stop };
  }

  get pid(): number {
    return this.#running().pid;
  }

  get alive(): boolean {
    return this.#child?.alive ?? false;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** Of its administrator, or of whoever has the token. */
  credential(more: Partial<ClusterCredential> = {}): ClusterCredential {
    return { id: this.id, server: this.url, ca: authority.toString(), token: adminToken, priority: 0, ...more };
  }

  /** The text of a kubeconfig with that token. */
  kubeconfig(token = adminToken): string {
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": this.id,
      clusters: [{ name: this.id, cluster: { server: this.url, "certificate-authority-data": authority.toString("base64") } }],
      users: [{ name: "admin", user: { token } }],
      contexts: [{ name: this.id, context: { cluster: this.id, user: "admin" } }],
    });
  }

  /** Starts the process; `ready` waits for it. */
  launch(): void {
    const tokens = path.join(this.#folder, "tokens.csv");
    const publicKey = path.join(this.#folder, "accounts.pub");
    writeFileSync(tokens, `${adminToken},admin,admin,"system:masters"\n`);
    writeFileSync(publicKey, createPublicKey(certificate("server").key).export({ type: "spki", format: "pem" }));
    this.#child = new Child({
      name: `kube-apiserver-${this.id}`,
      command: this.#binary,
      args: [
        `--etcd-servers=${this.#etcd.url}`,
        `--etcd-prefix=/${this.id}`,
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        `--secure-port=${this.port}`,
        `--tls-cert-file=${certificateFile("server.pem")}`,
        `--tls-private-key-file=${certificateFile("server.key")}`,
        `--client-ca-file=${certificateFile("authority.pem")}`,
        `--token-auth-file=${tokens}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-key-file=${publicKey}`,
        `--service-account-signing-key-file=${certificateFile("server.key")}`,
        "--service-cluster-ip-range=10.0.0.0/16",
        "--authorization-mode=RBAC",
        "--enable-priority-and-fairness=false",
        "--profiling=false",
        "--endpoint-reconciler-type=none",
        "--disable-admission-plugins=ServiceAccount,StorageObjectInUseProtection,PersistentVolumeClaimResize,DefaultStorageClass,LimitRanger,ResourceQuota,RuntimeClass",
      ],
      cwd: this.#folder,
      env: { GOGC: "50", GOMEMLIMIT: "1GiB" },
    });
  }

  async ready(): Promise<void> {
    const child = this.#running();
    await eventually(`API server ${this.id} is ready`, () => this.#isReady(), {
      within: 90_000,
      unless: () => (child.alive ? undefined : `it ended: ${child.output().slice(-2_000)}`),
    });
  }

  /** As an administrator. @throws ApiFailure */
  ask(path_: string, method: "GET" | "DELETE" = "GET"): Promise<unknown> {
    return this.#admin.json({ path: path_, method });
  }

  /**
   * Writes an object by server-side apply: new, or in place of what was there. `path_`: of the object. By Kubernetes' own
   * client, so that what we read was not written by ourselves.
   */
  async apply(path_: string, object: object): Promise<unknown> {
    const namespace = /\/namespaces\/([^/]+)\/./.exec(path_)?.[1];
    const { metadata, ...rest } = object as KubernetesObject;
    const whole = { ...rest, metadata: { ...(namespace && { namespace }), ...metadata } };
    return this.#writer.patch(whole, undefined, undefined, "fixture", true, PatchStrategy.ServerSideApply);
  }

  /** Puts Services and EndpointSlices by their paths, past the API; 20,000 in a second or two. */
  async bulk(objects: ReadonlyMap<string, object>): Promise<void> {
    let number = 0;
    const created = { creationTimestamp: "2026-01-01T00:00:00Z" };
    await this.#etcd.put(
      Array.from(objects, ([path_, object]): [string, object] => {
        const { metadata } = object as { metadata: object };
        const uid = `00000000-0000-4000-8000-${String(++number).padStart(12, "0")}`;
        return [this.#keyOf(path_), { ...object, metadata: { ...metadata, ...created, uid } }];
      }),
    );
  }

  /** Everything of these kinds in a namespace goes, past the API. */
  async clear(namespace: string): Promise<void> {
    for (const folder of ["services/specs", "endpointslices", "pods"]) await this.#etcd.removeBelow(`/${this.id}/${folder}/${namespace}/`);
  }

  async create(path_: string, object: object): Promise<unknown> {
    return this.#admin.json({ path: path_, method: "POST", body: { type: "application/json", text: JSON.stringify(object) } });
  }

  /** Nothing happens if it is not there. */
  async remove(path_: string): Promise<void> {
    await this.ask(path_, "DELETE").catch((error) => {
      if ((error as ApiFailure).status !== 404) throw error;
    });
  }

  async namespace(name: string): Promise<void> {
    await this.apply(`/api/v1/namespaces/${name}`, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }

  /**
   * A service account that may do what the rules say in the whole cluster, and a token of it. The token counts until
   * the account is removed.
   */
  async account(name: string, rules: readonly object[]): Promise<string> {
    const rbac = { group: "/apis/rbac.authorization.k8s.io/v1", apiVersion: "rbac.authorization.k8s.io/v1" };
    const account = `/api/v1/namespaces/default/serviceaccounts/${name}`;
    await this.apply(account, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: "default" } });
    await this.apply(`${rbac.group}/clusterroles/${name}`, { apiVersion: rbac.apiVersion, kind: "ClusterRole", metadata: { name }, rules });
    await this.apply(`${rbac.group}/clusterrolebindings/${name}`, {
      apiVersion: rbac.apiVersion,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: "default" }],
    });
    return this.token(name);
  }

  /** A new token of an account that exists. */
  async token(account: string): Promise<string> {
    const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3_600 } };
    const answer = await this.create(`/api/v1/namespaces/default/serviceaccounts/${account}/token`, request);
    return (answer as { status: { token: string } }).status.token;
  }

  /** kill -9: asked to end, it would wait a minute for its watches. */
  async kill(): Promise<void> {
    await this.#running().kill();
  }

  /** Starts it again on the same port and data, and waits until it is ready; a running one is killed first. */
  async restart(): Promise<void> {
    await this.#child?.kill();
    this.launch();
    await this.ready();
  }

  /** SIGSTOP: connections stay open and are accepted, nothing is answered. */
  suspend(): void {
    this.#running().signal("SIGSTOP");
  }

  resume(): void {
    this.#running().signal("SIGCONT");
  }

  async stop(): Promise<void> {
    this.#admin.close();
    await this.#child?.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Where an API server keeps an object. */
  #keyOf(path_: string): string {
    const [, namespace, plural, name] = /namespaces\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path_) ?? [];
    return `/${this.id}/${plural === "services" ? "services/specs" : plural}/${namespace}/${name}`;
  }

  async #isReady(): Promise<boolean> {
    const { status } = await this.#admin.json({ path: "/readyz", timeoutMs: 2_000 }).then(
      () => ({ status: 200 }),
      // Ready, it says `ok`, which is no JSON.
      (error: ApiFailure) => ({ status: error.kind === "garbage" ? 200 : error.status }),
    );
    // Without this namespace, hardly anything can be written.
    return status === 200 && (await this.ask("/api/v1/namespaces/default").then(() => true));
  }

  #running(): Child {
    if (this.#child === undefined) throw new Error(`API server ${this.id} was not started`);
    return this.#child;
  }
}
