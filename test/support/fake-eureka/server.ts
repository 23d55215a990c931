/** A Eureka server in this process, as far as reading and registering goes, with faults. Kept honest by the conformance rig. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TlsOptions } from "node:tls";
import { gzipSync } from "node:zlib";
import { type InstanceJson, Instances } from "./instances.ts";

/** A status; `mute`: no answer; `cut`: the connection ends in the middle of the body; or a body of its own. */
export type Fault = number | "mute" | "cut" | { readonly body: string; readonly type?: string; readonly status?: number };

export interface Heard {
  readonly method: string;
  /** Without the prefix: `/apps/delta`. */
  readonly path: string;
  /** Of the body that was sent, as sent. */
  bytes: number;
}

/** An answer as it is kept. */
interface Copy {
  readonly at: number;
  readonly plain: Buffer;
  zipped?: Buffer;
}

const prefix = "/eureka";

export class FakeEureka {
  readonly instances = new Instances();
  readonly heard: Heard[] = [];
  /** Plays a fault in place of an answer. */
  fault: ((method: string, path: string) => Fault | undefined) | undefined;
  /** What is told in place of the truth. */
  shape: ((json: unknown) => unknown) | undefined;
  /** Only who has this user and password is heard. */
  login: { readonly user: string; readonly password: string } | undefined;
  /** Copies are answered with for so long, ms: `/apps` and `/apps/delta` each have their own. */
  copiesLast = 0;
  readonly #tls: TlsOptions | undefined;
  readonly #copies = new Map<string, Copy>();
  readonly #sockets = new Set<Socket>();
  #server: ReturnType<typeof createServer> | undefined;
  #port = 0;

  private constructor(tls: TlsOptions | undefined) {
    this.#tls = tls;
  }

  /** @param tls given, it speaks HTTPS */
  static async start(tls?: TlsOptions): Promise<FakeEureka> {
    const fake = new FakeEureka(tls);
    await fake.listen();
    return fake;
  }

  get port(): number {
    return this.#port;
  }

  /** What clients are configured with. */
  get url(): string {
    return `http${this.#tls ? "s" : ""}://127.0.0.1:${this.#port}${prefix}/`;
  }

  /** On the port that it had before. */
  async listen(): Promise<void> {
    const handle = (request: IncomingMessage, response: ServerResponse): void => void this.#handle(request, response);
    const server = this.#tls ? createSecureServer(this.#tls, handle) : createServer(handle);
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Connections break and new ones are refused. */
  async shutDown(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** How often this path was read. */
  reads(path: string): number {
    return this.heard.filter((heard) => heard.method === "GET" && heard.path === path).length;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk as Buffer);
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://fake");
    const path = decodeURIComponent(pathname.slice(prefix.length));
    const heard: Heard = { method: request.method ?? "GET", path, bytes: 0 };
    this.heard.push(heard);
    const fault = this.fault?.(heard.method, path);
    if (fault === "mute") return;
    const credentials = this.login && `Basic ${Buffer.from(`${this.login.user}:${this.login.password}`).toString("base64")}`;
    if (typeof fault === "number") response.writeHead(fault).end();
    else if (typeof fault === "object")
      response.writeHead(fault.status ?? 200, { "content-type": fault.type ?? "text/html" }).end(fault.body);
    else if (credentials !== undefined && request.headers.authorization !== credentials) response.writeHead(401).end();
    else if (!pathname.startsWith(prefix)) response.writeHead(404).end();
    else if (heard.method === "GET") this.#tell(heard, request, response, fault === "cut");
    else response.writeHead(this.#write(heard, searchParams, Buffer.concat(body).toString())).end();
  }

  #tell(heard: Heard, request: IncomingMessage, response: ServerResponse, cut: boolean): void {
    const copy = this.#copy(heard.path);
    if (copy === undefined) {
      response.writeHead(404).end();
      return;
    }
    if (request.headers.accept !== "application/json") {
      response.writeHead(200, { "content-type": "application/xml" }).end("<applications/>");
      return;
    }
    const zipped = request.headers["accept-encoding"]?.includes("gzip") === true;
    if (zipped) copy.zipped ??= gzipSync(copy.plain);
    const body = zipped ? copy.zipped! : copy.plain;
    heard.bytes = body.length;
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": body.length,
      ...(zipped && { "content-encoding": "gzip" }),
    });
    if (cut) response.write(body.subarray(0, body.length >> 1), () => response.destroy());
    else response.end(body);
  }

  #copy(path: string): Copy | undefined {
    if (path !== "/apps" && path !== "/apps/delta") return undefined;
    const kept = this.#copies.get(path);
    if (kept && Date.now() - kept.at < this.copiesLast) return kept;
    const json = path === "/apps" ? this.instances.full() : this.instances.delta();
    const copy: Copy = { at: Date.now(), plain: Buffer.from(JSON.stringify(this.shape ? this.shape(json) : json)) };
    this.#copies.set(path, copy);
    return copy;
  }

  /** @returns the answer's status */
  #write({ method, path }: Heard, parameters: URLSearchParams, body: string): number {
    const [, , app = "", id = "", what] = path.split("/");
    if (method === "POST") {
      const { instance } = JSON.parse(body) as { instance: InstanceJson };
      if (!instance?.instanceId) return 400;
      this.instances.register({ ...instance, app });
      return 204;
    }
    if (method === "DELETE") return this.instances.cancel(app, id) ? 200 : 404;
    if (what === "status") {
      return this.instances.change(app, id, (instance) => ({ ...instance, status: parameters.get("value") ?? "" })) ? 200 : 500;
    }
    if (what === "metadata") {
      const more = Object.fromEntries(parameters);
      const merge = (instance: InstanceJson) => ({ ...instance, metadata: { ...(instance.metadata as object), ...more } });
      return this.instances.change(app, id, merge) ? 200 : 404;
    }
    return this.instances.get(app, id) ? 200 : 404;
  }
}
