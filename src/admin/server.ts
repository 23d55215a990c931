/**
 * Metrics and health on the one port that kubelet and Prometheus must reach (16020).
 *
 * - `/startupz`, `/healthz`: the xDS port accepts. A registry's outage must not keep istiod from
 *   starting, nor restart us.
 * - `/readyz`: the same. Readiness of any container gates the whole istiod pod, so it must not
 *   depend on a registry; what a registry lacks is said in the body and in `/metrics`.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { bind } from "../access/bind.ts";
import type { MetricsConfig } from "../config/schema.ts";
import type { Metrics } from "./metrics.ts";
import type { AdminViews } from "./views.ts";

// Not imported: an import reads every export of it, and some of those load a whole web client (25 ms of the start).
const { createServer } = process.getBuiltinModule("node:http");

/** Kubelet and a few scrapers; whoever opens more waits. */
const maxConnections = 256;
/** How long a request's head, and the whole request, may take to arrive, in ms. */
const patience = { headersTimeout: 5_000, requestTimeout: 10_000 };
/** A connection on which nothing moves is closed after this time, in ms. */
const silence = 60_000;

const probes = ["/startupz", "/healthz", "/readyz"];

export class AdminServer {
  readonly #settings: MetricsConfig;
  readonly #metrics: Metrics;
  readonly #views: AdminViews;
  readonly #server: Server;

  constructor(settings: MetricsConfig, metrics: Metrics, views: AdminViews) {
    this.#settings = settings;
    this.#metrics = metrics;
    this.#views = views;
    this.#server = createServer({ maxHeaderSize: 8 * 1024, ...patience }, (request, response) => void this.#answer(request, response));
    this.#server.maxConnections = maxConnections;
    this.#server.setTimeout(silence);
  }

  /** Resolves with the bound port. @throws TributaryError BIND_IN_USE, BIND_FAILED */
  async listen(): Promise<{ address: string; port: number }> {
    const { address, port } = this.#settings;
    const what = `metrics and health cannot listen on ${address}:${port}`;
    const bound = await bind(this.#server, address, port, {
      taken: [`${what}: the port is taken`, "stop the other process or set metrics.port"],
      failed: [what, "check metrics.address"],
    });
    // A connection that cannot be taken concerns whoever made it; it must not end the process.
    this.#server.on("error", () => {});
    return { address, port: bound.port };
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer({ method, url = "/" }: IncomingMessage, response: ServerResponse): Promise<void> {
    // Somebody who leaves early is no error of ours.
    response.on("error", () => {});
    const path = url.split("?", 1)[0] ?? "";
    try {
      if (method !== "GET" && method !== "HEAD") send(response, 405, text, "Only GET is answered here.\n");
      else if (path === "/metrics") send(response, 200, this.#metrics.contentType, await this.#metrics.expose());
      else if (probes.includes(path)) send(response, this.#views.listening() ? 200 : 503, json, JSON.stringify(this.#report()));
      else send(response, 404, text, "Try /metrics, /healthz, /readyz or /startupz.\n");
    } catch (error) {
      send(response, 500, text, `${error instanceof Error ? error.message : String(error)}\n`);
    }
  }

  #report() {
    return {
      listening: this.#views.listening(),
      complete: this.#views.complete(),
      registries: this.#views.registries().map(({ id, status, protection: { state, operator } }) => ({
        id,
        phase: status.phase,
        since: new Date(status.since).toISOString(),
        ...(status.reason ? { reason: status.reason } : {}),
        state,
        ...(operator.frozen ? { frozen: operator.frozen } : {}),
        ...(operator.paused ? { paused: operator.paused } : {}),
      })),
    };
  }
}

const text = "text/plain; charset=utf-8";
const json = "application/json; charset=utf-8";

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
