/**
 * A Kubernetes API server for tests, in one process with them: lists in pages, watches with bookmarks and resumption,
 * label selectors, metadata alone, tokens, permissions – and faults on demand. It keeps objects of every kind and
 * checks none; they are written by tests (`objects`) or by server-side apply, merge patch and DELETE.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { labelSelector } from "./label-selector.ts";
import { type FakeObject, Objects } from "./objects.ts";
import { type Target, targetOf } from "./target.ts";
import { Watch } from "./watch.ts";

export interface ApiCall {
  readonly verb: "list" | "watch" | "get" | "write";
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly query: URLSearchParams;
  readonly token: string | undefined;
  readonly headers: IncomingMessage["headers"];
}

/** What goes wrong with one request: a status, no answer, a closed connection, or bytes that are no JSON. */
export type Fault = number | "silence" | "close" | "garbage";

export class FakeKubernetes {
  readonly objects = new Objects();
  /** Every request for objects since the start. */
  readonly calls: ApiCall[] = [];
  /** `mute`: takes connections and requests, answers nothing, and says nothing in watches. */
  behaviour: "normal" | "mute" = "normal";
  /** Called for every request; a fault replaces the answer. */
  answer: ((call: ApiCall) => Fault | undefined) | undefined;
  /** Who may ask; undefined: everybody. */
  tokens: Set<string> | undefined;
  /** `list services`, or `list services shop` for one namespace. */
  readonly forbidden = new Set<string>();
  /** Watches say nothing before they end. */
  bookmarks = true;
  /** Connections accepted since the start. */
  accepted = 0;
  readonly #tls: ServerOptions | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #watches = new Set<Watch>();
  #server: Server | undefined;
  #port = 0;

  /** @param tls speaks TLS, and nothing else, if given */
  constructor(tls?: ServerOptions) {
    this.#tls = tls;
  }

  static async start(tls?: ServerOptions): Promise<FakeKubernetes> {
    const fake = new FakeKubernetes(tls);
    await fake.listen();
    return fake;
  }

  get url(): string {
    return `${this.#tls ? "https" : "http"}://127.0.0.1:${this.#port}`;
  }

  /** Watches that are open. */
  get watches(): readonly Watch[] {
    return [...this.#watches];
  }

  /** Listens, after `shutDown` again on the same port and with the same objects. */
  async listen(): Promise<void> {
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      response.on("error", () => {});
      this.#handle(request, response).catch((error) => send(response, 500, { message: String(error) }));
    };
    const server = this.#tls ? createTlsServer(this.#tls, handle) : createServer(handle);
    server.on("connection", (socket: Socket) => {
      this.accepted++;
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Breaks every connection and refuses new ones; the objects are kept. */
  async shutDown(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server?.listening) await new Promise((resolve) => server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    const target = targetOf(url.pathname);
    const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? "")?.[1];
    const call = target && callOf(request, url, target, token);
    if (call) this.calls.push(call);
    if (this.behaviour === "mute") return;
    const fault = call && this.answer?.(call);
    if (fault !== undefined) this.#fail(fault, response);
    else if (this.tokens && !this.tokens.has(token ?? "")) send(response, 401, status(401, "Unauthorized"));
    else if (!call || !target)
      send(response, url.pathname === "/version" || url.pathname === "/readyz" ? 200 : 404, { gitVersion: "v1.35.0-fake" });
    else if (this.#isForbidden(call)) send(response, 403, status(403, `user may not ${call.verb} resource "${call.resource}"`));
    else await this.#serve(call, target, request, response);
  }

  async #serve(call: ApiCall, target: Target, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const shown = request.headers.accept?.includes("as=PartialObjectMetadata") ? metadataOf : (object: FakeObject) => object;
    switch (call.verb) {
      case "list":
        this.#list(call, shown, response);
        break;
      case "watch":
        this.#watch(call, shown, response);
        break;
      case "get": {
        const object = this.objects.get(target.resource, keyIn(target));
        if (object) send(response, 200, shown(object));
        else send(response, 404, status(404, "not found"));
        break;
      }
      case "write":
        this.#write(target, request.method ?? "", await text(request), response);
    }
  }

  #list({ resource, namespace, query }: ApiCall, shown: (object: FakeObject) => unknown, response: ServerResponse): void {
    const all = this.objects.list(resource).filter(selector(namespace, query));
    // A token is where the page begins, and the version that it was made at.
    const [from = "0", version = String(this.objects.version)] = query.get("continue")?.split(":") ?? [];
    if (Number(version) < this.objects.compacted) {
      send(response, 410, status(410, "the provided continue parameter is too old"));
      return;
    }
    const limit = Number(query.get("limit") ?? all.length);
    const end = Number(from) + limit;
    const metadata = { resourceVersion: version, ...(limit > 0 && end < all.length && { continue: `${end}:${version}` }) };
    send(response, 200, { kind: "List", metadata, items: all.slice(Number(from), end).map(shown) });
  }

  #watch({ resource, namespace, query }: ApiCall, shown: (object: FakeObject) => unknown, response: ServerResponse): void {
    const watch = new Watch(response, this.objects, {
      resource,
      selects: selector(namespace, query),
      version: Number(query.get("resourceVersion")),
      timeoutMs: Number(query.get("timeoutSeconds") ?? 30) * 1_000,
      bookmarks: this.bookmarks && query.get("allowWatchBookmarks") === "true",
      shown,
      isMute: () => this.behaviour === "mute",
    });
    this.#watches.add(watch);
    response.once("close", () => this.#watches.delete(watch));
  }

  #write({ resource, namespace, name }: Target, method: string, body: string, response: ServerResponse): void {
    const key = keyIn({ namespace, name });
    const before = this.objects.get(resource, key);
    if (method === "DELETE") {
      send(response, this.objects.remove(resource, key) ? 200 : 404, {});
      return;
    }
    const written = JSON.parse(body) as Partial<FakeObject>;
    const { uid, resourceVersion } = written.metadata ?? {};
    if (before && uid !== undefined && uid !== before.metadata.uid) send(response, 422, status(422, "uid: field is immutable"));
    else if (before && resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) {
      send(response, 409, status(409, "the object has been modified"));
    } else {
      const metadata = { ...written.metadata, name: name ?? written.metadata?.name ?? "", ...(namespace !== undefined && { namespace }) };
      // Whoever applies says what the object is, and means all of it.
      const object =
        method === "PATCH" && before && written.kind === undefined ? merged(before, { ...written, metadata }) : { ...written, metadata };
      send(response, 200, this.objects.put(resource, object as FakeObject));
    }
  }

  #fail(fault: Fault, response: ServerResponse): void {
    if (fault === "silence") return;
    if (fault === "close") response.destroy();
    else if (fault === "garbage") response.writeHead(200).end('{"items":[');
    else send(response, fault, status(fault, "a fault on demand"));
  }

  #isForbidden({ verb, resource, namespace }: ApiCall): boolean {
    return this.forbidden.has(`${verb} ${resource}`) || this.forbidden.has(`${verb} ${resource} ${namespace}`);
  }
}

function callOf(
  { method, headers }: IncomingMessage,
  { searchParams: query }: URL,
  { resource, namespace, name }: Target,
  token: string | undefined,
): ApiCall {
  const read = name !== undefined ? "get" : query.get("watch") ? "watch" : "list";
  return { verb: method === "GET" ? read : "write", resource, namespace, query, token, headers };
}

function selector(namespace: string | undefined, query: URLSearchParams): (object: FakeObject) => boolean {
  const selects = labelSelector(query.get("labelSelector") ?? "");
  return ({ metadata }) => (namespace === undefined || metadata.namespace === namespace) && selects(metadata.labels ?? {});
}

function keyIn({ namespace, name = "" }: Pick<Target, "namespace" | "name">): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function metadataOf({ metadata }: FakeObject): unknown {
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
}

/** RFC 7386: null takes a key away. */
function merged(before: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = typeof before === "object" && before !== null ? { ...before } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

function status(code: number, message: string): unknown {
  return { kind: "Status", apiVersion: "v1", status: "Failure", code, message };
}

function send(response: ServerResponse, code: number, body: unknown): void {
  if (!response.headersSent) response.writeHead(code, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
