/**
 * The port of the admin API and of `/debug` (16021). It answers whoever reaches it, so without TLS
 * it stays on loopback. Everything behind the port is loaded at the first request: istiod waits for
 * none of it.
 */
import type { Server as HttpServer, IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { Access, type AccessOptions } from "../access/access.ts";
import { bind } from "../access/bind.ts";
import { Connections } from "../access/connections.ts";
import type { AdminConfig } from "../config/schema.ts";
import type { Logger } from "../log/logger.ts";
import type { ApiHandler } from "./api/handler.ts";
import type { Inspection } from "./api/inspection.ts";
import type { Changes } from "./changes.ts";
import type { Operations } from "./operations.ts";
import type { PeerPages } from "./peer-pages.ts";
import { protectiveHeaders, refuseRequest } from "./request-guard.ts";

// Not imported, as in `server.ts`.
const { createServer } = process.getBuiltinModule("node:http");

export interface ApiServerOptions {
  /** The port may be 0 for tests. */
  readonly settings: Omit<AdminConfig, "port"> & { readonly port: number };
  readonly inspection: Inspection;
  /** What can be changed; absent: nothing. */
  readonly changes?: Changes | undefined;
  /** What other replicas may take over; absent: nothing. */
  readonly transferable?: PeerPages["state"] | undefined;
  /** What can be said to the process; absent: nothing. */
  readonly operations?: Operations | undefined;
  readonly log: Logger;
  readonly patience?: typeof defaultPatience;
  /** Counts refused connections, and shortens waiting times for tests. */
  readonly access?: Pick<AccessOptions, "onRefused" | "handshakeTimeout" | "files">;
}

const maxConnections = 64;
/** Requests that are answered at the same time. */
const maxRequests = 16;
/** How long a request's head and the whole request may take to arrive, and how often that is looked at, in ms. */
const defaultPatience = { headers: 10_000, request: 30_000, look: 5_000 };
/** A connection on which nothing moves is closed after this time, in ms: also one whose reader stopped. */
const silence = 60_000;

export class ApiServer {
  readonly #options: ApiServerOptions;
  /** Gives back what `listen` took. */
  #release: (() => Promise<void>) | undefined;
  #handler: Promise<ApiHandler> | undefined;
  #requests = 0;

  constructor(options: ApiServerOptions) {
    this.#options = options;
  }

  /** @throws TributaryError BIND_UNSAFE, TLS_UNUSABLE, BIND_IN_USE, BIND_FAILED */
  async listen(): Promise<{ address: string; port: number }> {
    const { settings, access: accessOptions, log } = this.#options;
    const { address, port, tls } = settings;
    const host = address === "localhost" ? "127.0.0.1" : address;
    const access = new Access({ ...accessOptions, server: "admin", address, tls, protocols: ["http/1.1"], log, farewell: forbidden });
    const http = httpServer((request, response) => {
      const peer = `${request.socket.remoteAddress}:${request.socket.remotePort}`;
      connections.use(peer);
      response.once("close", () => connections.release(peer));
      void this.#answer(request, response);
    }, this.#options.patience);
    const server = access.createServer((socket) => http.emit("connection", socket));
    const connections = new Connections(server, maxConnections);
    this.#release = async () => {
      access.close();
      http.close(() => {}); // it never listened, which it complains of
      const closed = server.listening ? new Promise<void>((resolve) => server.close(() => resolve())) : undefined;
      connections.destroy();
      await closed;
    };
    const bound = await bind(server, host, port, {
      taken: [
        `admin.port ${port} on ${host} is taken by another process`,
        "stop what listens there, or choose another port with admin.port",
      ],
      failed: [`the admin API cannot listen on ${host}:${port}`, "check admin.address"],
    });
    server.on("error", (error) => log.error({ err: error }, "admin listener failed"));
    return { address: bound.address, port: bound.port };
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    await this.#release?.();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(protectiveHeaders)) response.setHeader(name, value);
    const refusal = refuseRequest(request.headers, this.#options.settings);
    if (refusal !== undefined) return end(response, 403, refusal);
    if (this.#requests >= maxRequests) return end(response, 503, `more than ${maxRequests} requests at a time; try again`);
    this.#requests += 1;
    response.once("close", () => {
      this.#requests -= 1;
    });
    // Somebody who leaves early is no error of ours.
    response.on("error", () => {});
    try {
      const handler = await this.#load();
      await handler(request, response);
    } catch (error) {
      this.#options.log.error({ err: error, path: request.url?.slice(0, 200) }, "admin request failed");
      if (!response.headersSent) end(response, 500, "internal error; the log says more");
      else response.destroy();
    }
  }

  #load(): Promise<ApiHandler> {
    this.#handler ??= loadHandler(this.#options).catch((error) => {
      this.#handler = undefined;
      throw error;
    });
    return this.#handler;
  }
}

/** Piece by piece, with turns of the event loop in between: together it takes some 50 ms. */
async function loadHandler({ inspection, log, changes, operations, settings, transferable }: ApiServerOptions): Promise<ApiHandler> {
  await import("@connectrpc/connect");
  await turn();
  await import("@connectrpc/connect-node");
  await turn();
  await import("../gen/tributary/admin/v1/admin_pb.ts");
  await turn();
  const { apiHandler } = await import("./api/handler.ts");
  const peers = transferable && { hasTls: settings.tls !== undefined, state: transferable };
  return apiHandler({ inspection, log, changes, operations, peers });
}

/** Takes its connections from the door in front of it. */
function httpServer(listener: RequestListener, { headers, request, look } = defaultPatience): HttpServer {
  const timeouts = { headersTimeout: headers, requestTimeout: request, connectionsCheckingInterval: look, keepAliveTimeout: 5_000 };
  const server = createServer({ maxHeaderSize: 16 * 1024, ...timeouts }, listener);
  server.setTimeout(silence);
  // With this event, which a server that listens itself has, it begins to watch its time-outs.
  server.emit("listening");
  return server;
}

/** For a client that the door refuses. */
function forbidden(reason: string): Uint8Array {
  const body = Buffer.from(`${reason}\n`);
  const head = ["HTTP/1.1 403 Forbidden", "content-type: text/plain; charset=utf-8", `content-length: ${body.length}`, "connection: close"];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
}

/** Refused before its body was read: the connection goes with it. */
function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" });
  response.end(`${text}\n`);
}
