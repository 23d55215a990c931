/**
 * The port of the admin API and of `/debug` (16021). It answers whoever reaches it, so without TLS
 * it stays on loopback. Everything behind the port is loaded at the first request: istiod waits for
 * none of it.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isLoopback } from "../config/loopback.ts";
import type { AdminConfig } from "../config/schema.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import type { Logger } from "../log/logger.ts";
import type { ApiHandler } from "./api/handler.ts";
import type { Inspection } from "./api/inspection.ts";
import { protectiveHeaders, refuseRequest } from "./request-guard.ts";

export interface ApiServerOptions {
  /** The port may be 0 for tests. */
  readonly settings: Omit<AdminConfig, "port"> & { readonly port: number };
  readonly inspection: Inspection;
  readonly log: Logger;
}

const maxConnections = 64;
/** Requests that are answered at the same time. */
const maxRequests = 16;
/** How long a request may take to arrive, in ms. */
const requestTimeout = 30_000;
/** A connection on which nothing moves is closed after this time, in ms: also one whose reader stopped. */
const silence = 60_000;

export class ApiServer {
  readonly #options: ApiServerOptions;
  #server: Server | undefined;
  #handler: Promise<ApiHandler> | undefined;
  #requests = 0;

  constructor(options: ApiServerOptions) {
    this.#options = options;
  }

  /** @throws TributaryError BIND_UNSAFE, BIND_IN_USE, BIND_FAILED */
  async listen(): Promise<{ address: string; port: number }> {
    const { address, port } = this.#options.settings;
    const host = address === "localhost" ? "127.0.0.1" : address;
    this.#server = this.#createServer((request, response) => void this.#answer(request, response));
    await bound(this.#server, host, port);
    this.#server.on("error", (error) => this.#options.log.error({ err: error }, "admin listener failed"));
    const { address: own, port: ownPort } = this.#server.address() as AddressInfo;
    return { address: own, port: ownPort };
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined || !server.listening) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  /** The one place where the port's server is made: plain on loopback, and nowhere else. */
  #createServer(listener: RequestListener): Server {
    const { address } = this.#options.settings;
    if (!isLoopback(address)) {
      throw new TributaryError("BIND_UNSAFE", `admin.address ${address} is reachable from outside`, {
        hint: "the admin API tells everything; use 127.0.0.1 or ::1",
      });
    }
    const server = createServer({ maxHeaderSize: 16 * 1024, headersTimeout: 10_000, requestTimeout, keepAliveTimeout: 5_000 }, listener);
    server.maxConnections = maxConnections;
    server.setTimeout(silence);
    return server;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(protectiveHeaders)) response.setHeader(name, value);
    const refusal = refuseRequest(request.headers, this.#options.settings.address);
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
    this.#handler ??= import("./api/handler.ts").then(({ apiHandler }) => apiHandler(this.#options.inspection));
    return this.#handler;
  }
}

/** Refused before its body was read: the connection goes with it. */
function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" });
  response.end(`${text}\n`);
}

function bound(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "EADDRINUSE") {
        const hint = "stop what listens there, or choose another port with admin.port";
        reject(new TributaryError("BIND_IN_USE", `admin.port ${port} on ${host} is taken by another process`, { hint, cause }));
      } else {
        const message = `the admin API cannot listen on ${host}:${port}: ${cause.message}`;
        reject(new TributaryError("BIND_FAILED", message, { hint: "check admin.address", cause }));
      }
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}
