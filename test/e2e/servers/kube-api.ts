/**
 * A Kubernetes API with next to nothing in it: enough for istiod, which does not start without
 * one. Lists are empty (but for three namespaces), watches stay open without events, and what
 * is written is kept in memory.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface KubeObject {
  metadata: { name: string; namespace?: string; resourceVersion?: string; uid?: string; creationTimestamp?: string };
  [key: string]: unknown;
}

/** Where a request's path points to. */
interface Target {
  readonly apiVersion: string;
  readonly collection: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** The body of a watch: none, and it does not end. */
const stayOpen = Symbol("stay open");

interface Answer {
  readonly code: number;
  readonly body: unknown;
}

const created = "2100-01-01T00:00:00Z";

export class KubeApi {
  readonly #server: Server;
  readonly #objects = new Map<string, KubeObject>();
  #lastVersion = 1;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request)
        .catch((error) => status(500, "InternalError", String(error)))
        .then((answer) => send(response, answer));
    });
    for (const name of ["default", "kube-system", "istio-system"]) {
      this.#objects.set(`/api/v1/namespaces/${name}`, { apiVersion: "v1", kind: "Namespace", metadata: this.#metadata({ name }) });
    }
  }

  static async start(): Promise<KubeApi> {
    const api = new KubeApi();
    api.#server.listen(0, "127.0.0.1");
    await once(api.#server, "listening");
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The text of a kubeconfig that points here. */
  get kubeconfig(): string {
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      clusters: [{ name: "test", cluster: { server: this.url } }],
      users: [{ name: "test", user: {} }],
      contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    });
  }

  /** Writes an object as a client could, but nobody who watches is told: for what must be there at the start. */
  put(path: string, object: KubeObject): void {
    this.#keep(path, object);
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? "/", "http://kube");
    const fixed = discovery(url.pathname);
    if (fixed !== undefined) return { code: 200, body: fixed };
    const target = parseTarget(url.pathname);
    if (target === undefined) return status(404, "NotFound", `no such path: ${url.pathname}`);
    if (request.method !== "GET" || target.name !== undefined) return this.#single(request, target, url.pathname);
    if (!["true", "1"].includes(url.searchParams.get("watch") ?? "")) return this.#list(request, target);
    if (url.searchParams.has("sendInitialEvents")) return status(422, "Invalid", "sendInitialEvents is not supported");
    return { code: 200, body: stayOpen };
  }

  #list(request: IncomingMessage, target: Target): Answer {
    const items = [...this.#objects].filter(([path]) => isIn(path, target)).map(([, object]) => object);
    const metadata = { resourceVersion: String(this.#lastVersion) };
    if (!request.headers.accept?.includes("as=PartialObjectMetadataList")) return { code: 200, body: { metadata, items } };
    const meta = { apiVersion: "meta.k8s.io/v1" };
    const partial = items.map((item) => ({ ...meta, kind: "PartialObjectMetadata", metadata: item.metadata }));
    return { code: 200, body: { ...meta, kind: "PartialObjectMetadataList", metadata, items: partial } };
  }

  async #single(request: IncomingMessage, target: Target, path: string): Promise<Answer> {
    const missing = status(404, "NotFound", `${target.resource} "${target.name}" not found`);
    switch (request.method) {
      case "GET":
        return this.#objects.has(path) ? { code: 200, body: this.#objects.get(path) } : missing;
      case "DELETE":
        return this.#objects.delete(path) ? { code: 200, body: { kind: "Status", status: "Success" } } : missing;
      case "POST":
      case "PUT": {
        const object = await readObject(request);
        if (object === undefined) return status(415, "UnsupportedMediaType", "only JSON is understood");
        const key = request.method === "POST" ? `${path}/${object.metadata.name}` : path;
        if (request.method === "PUT" && !this.#objects.has(key)) return missing;
        if (request.method === "POST" && this.#objects.has(key)) return status(409, "AlreadyExists", `${key} exists`);
        return { code: request.method === "POST" ? 201 : 200, body: this.#keep(key, object) };
      }
      default:
        return status(405, "MethodNotAllowed", `${request.method} is not supported`);
    }
  }

  #keep(key: string, object: KubeObject): KubeObject {
    this.#lastVersion += 1;
    const kept = { ...object, metadata: this.#metadata(object.metadata) };
    this.#objects.set(key, kept);
    return kept;
  }

  #metadata(given: KubeObject["metadata"]): KubeObject["metadata"] {
    const uid = given.uid ?? `00000000-0000-0000-0000-${String(this.#objects.size).padStart(12, "0")}`;
    return { creationTimestamp: created, ...given, uid, resourceVersion: String(this.#lastVersion) };
  }
}

function discovery(path: string): unknown {
  switch (path) {
    case "/version":
      return { major: "1", minor: "35", gitVersion: "v1.35.0", platform: "linux/amd64" };
    case "/api":
      return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
    case "/apis":
      return { kind: "APIGroupList", apiVersion: "v1", groups: [] };
    case "/healthz":
      return { status: "ok" };
    default:
      return undefined;
  }
}

/** Reads `/api/v1/[namespaces/NS/]RESOURCE[/NAME]` and `/apis/GROUP/VERSION/…`. */
function parseTarget(path: string): Target | undefined {
  const match = /^\/(?:api\/(v1)|apis\/([^/]+\/[^/]+))\/(?:namespaces\/([^/]+)\/(?=.))?([^/]+)(?:\/([^/]+))?$/.exec(path);
  if (match === null) return undefined;
  const [, core, group, namespace, resource, name] = match;
  const apiVersion = core ?? group ?? "";
  return {
    apiVersion,
    collection: name === undefined ? path : path.slice(0, path.lastIndexOf("/")),
    resource: resource ?? "",
    namespace,
    name,
  };
}

/** A list without namespace holds the objects of all namespaces. */
function isIn(path: string, { collection, resource, namespace }: Target): boolean {
  if (path.startsWith(`${collection}/`) && !path.slice(collection.length + 1).includes("/")) return true;
  return namespace === undefined && new RegExp(`^${collection.slice(0, -resource.length)}namespaces/[^/]+/${resource}/[^/]+$`).test(path);
}

/** Undefined if the body is not JSON: Kubernetes clients may send protobuf. */
async function readObject(request: IncomingMessage): Promise<KubeObject | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return text.startsWith("{") ? (JSON.parse(text) as KubeObject) : undefined;
}

function status(code: number, reason: string, message: string): Answer {
  return { code, body: { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message } };
}

function send(response: ServerResponse, { code, body }: Answer): void {
  response.writeHead(code, { "content-type": "application/json" });
  if (body === stayOpen) response.flushHeaders();
  else response.end(JSON.stringify(body));
}
