/** A Nacos server that speaks HTTP only, with its pushes over UDP, and faults by wish. */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TlsOptions } from "node:tls";
import { gzipSync } from "node:zlib";
import { type Answer, answer, type FakeVersion } from "./routes.ts";
import { FakeState } from "./state.ts";

export interface FakeOptions {
  readonly version?: FakeVersion;
  /** Absent: nobody is asked who it is. */
  readonly users?: Readonly<Record<string, { readonly password: string; readonly admin?: boolean }>>;
  /** s. */
  readonly tokenTtl?: number;
  /** Given, it speaks HTTPS. */
  readonly tls?: TlsOptions;
}

interface Subscriber {
  readonly address: string;
  readonly port: number;
}

export class FakeNacosHttp {
  readonly state = new FakeState();
  /** Every request, as `METHOD path?query`. */
  readonly requests: string[] = [];
  /** Bodies of acknowledged pushes. */
  readonly acknowledged: unknown[] = [];
  readonly #options: FakeOptions;
  readonly #tokens = new Map<string, { user: string; until: number }>();
  readonly #connections = new Set<Socket>();
  /** By namespace and `group@@name`. */
  readonly #subscribers = new Map<string, Map<string, Subscriber>>();
  readonly #waiting = new Set<() => void>();
  #server: Server | undefined;
  #udp: UdpSocket | undefined;
  #port = 0;
  #frozen = false;
  /** Answers in place of the usual one, if it gives any. */
  fault: ((path: string, parameters: URLSearchParams) => Answer | undefined) | undefined;

  constructor(options: FakeOptions = {}) {
    this.#options = options;
  }

  get port(): number {
    return this.#port;
  }

  /** Listens, always on the same port. */
  async start(): Promise<this> {
    const serve = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response);
    const { tls } = this.#options;
    const server = tls ? createSecureServer(tls, serve) : createServer(serve);
    server.on("connection", (socket) => {
      this.#connections.add(socket);
      socket.once("close", () => this.#connections.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#udp = createSocket("udp4");
    this.#udp.on("message", (message) => this.acknowledged.push(JSON.parse(message.toString())));
    await new Promise<void>((resolve) => this.#udp?.bind(0, "127.0.0.1", resolve));
    return this;
  }

  /** Gone as by SIGKILL; what it holds stays. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#subscribers.clear();
    this.thaw();
    for (const socket of this.#connections) socket.destroy();
    const udp = this.#udp;
    this.#udp = undefined;
    await Promise.all([
      new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())),
      new Promise<void>((resolve) => (udp ? udp.close(resolve) : resolve())),
    ]);
  }

  /** Accepts connections and says nothing. */
  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    for (const go of this.#waiting) go();
    this.#waiting.clear();
  }

  /** No token is known any more. */
  forgetTokens(): void {
    this.#tokens.clear();
  }

  /** Whoever reads this service with an address for pushes is told of it. */
  push(namespace: string, group: string, name: string, more: object = {}): void {
    const info = { ...this.state.info(namespace, group, name), ...more };
    const packet = Buffer.from(JSON.stringify({ type: "dom", data: JSON.stringify(info), lastRefTime: 2 ** 60 }));
    for (const subscriber of this.#subscribers.get(`${namespace} ${group}@@${name}`)?.values() ?? []) {
      this.sendPacket(subscriber, packet.length > 1_024 ? gzipSync(packet) : packet);
    }
  }

  sendPacket({ port, address }: Subscriber, packet: Buffer): void {
    this.#udp?.send(packet, port, address);
  }

  /** Where pushes about a service go. */
  subscribers(namespace: string, group: string, name: string): Subscriber[] {
    return [...(this.#subscribers.get(`${namespace} ${group}@@${name}`)?.values() ?? [])];
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const parameters = new URLSearchParams([...url.searchParams, ...new URLSearchParams(Buffer.concat(chunks).toString())]);
    this.requests.push(`${request.method} ${request.url}`);
    if (this.#frozen) await new Promise<void>((resolve) => this.#waiting.add(resolve));
    const path = url.pathname.replace(/^\/nacos/, "");
    const { status, body } = this.fault?.(path, parameters) ?? this.#answer(request, path, parameters);
    response.writeHead(status, { "content-type": typeof body === "string" ? "text/plain" : "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  }

  #answer(request: IncomingMessage, path: string, parameters: URLSearchParams): Answer {
    const { version = "2.5", users } = this.#options;
    if (request.method === "POST") return this.#logIn(path, parameters);
    const user = this.#userOf(request, parameters);
    const given = answer(version, users !== undefined, { method: request.method ?? "", path, parameters, user }, this.state);
    if (given.status === 200 && path === "/v1/ns/instance/list") this.#subscribe(request, parameters);
    return given;
  }

  #userOf(request: IncomingMessage, parameters: URLSearchParams): "nobody" | "user" | "admin" {
    const text = request.headers.accesstoken ?? request.headers.authorization?.replace(/^Bearer /, "") ?? parameters.get("accessToken");
    const token = this.#tokens.get(String(text));
    if (!token || token.until < performance.now()) return "nobody";
    return this.#options.users?.[token.user]?.admin ? "admin" : "user";
  }

  #logIn(path: string, parameters: URLSearchParams): Answer {
    const { version = "2.5", users = {}, tokenTtl = 18_000 } = this.#options;
    const isV3 = version.startsWith("3.");
    const paths = [...(version === "3.2" ? [] : ["/v1/auth/login", "/v1/auth/users/login"]), ...(isV3 ? ["/v3/auth/user/login"] : [])];
    if (!paths.includes(path)) return { status: 404, body: "No such path" };
    const user = parameters.get("username") ?? "";
    if (users[user]?.password !== parameters.get("password")) return { status: isV3 ? 500 : 403, body: "unknown user!" };
    const accessToken = `token-${this.#tokens.size}-${user}`;
    this.#tokens.set(accessToken, { user, until: performance.now() + tokenTtl * 1_000 });
    return { status: 200, body: { accessToken, tokenTtl, globalAdmin: users[user]?.admin === true, username: user } };
  }

  /** Servers push to clients that they take for Nacos' own. */
  #subscribe(request: IncomingMessage, parameters: URLSearchParams): void {
    const [port, address] = [Number(parameters.get("udpPort") ?? 0), parameters.get("clientIP") ?? ""];
    if (port === 0 || !/^Nacos-Java-Client:v/.test(request.headers["user-agent"] ?? "")) return;
    const key = `${parameters.get("namespaceId")} ${parameters.get("groupName")}@@${parameters.get("serviceName")}`;
    const subscribers = this.#subscribers.get(key) ?? new Map<string, Subscriber>();
    this.#subscribers.set(key, subscribers.set(`${address}:${port}`, { address, port }));
  }
}
