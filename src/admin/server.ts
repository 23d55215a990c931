/**
 * Metrics and health on the one port that kubelet and Prometheus must reach (16020).
 *
 * - `/startupz`, `/healthz`: the xDS port accepts. A registry's outage must not keep istiod from
 *   starting, nor restart us.
 * - `/readyz`: the same. Readiness of any container gates the whole istiod pod, so it must not
 *   depend on a registry; what a registry lacks is said in the body and in `/metrics`.
 */
import type { FastifyInstance } from "fastify";
import type { MetricsConfig } from "../config/schema.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import type { Metrics } from "./metrics.ts";
import type { AdminViews } from "./views.ts";

export class AdminServer {
  readonly #settings: MetricsConfig;
  readonly #metrics: Metrics;
  readonly #views: AdminViews;
  #app: FastifyInstance | undefined;

  constructor(settings: MetricsConfig, metrics: Metrics, views: AdminViews) {
    this.#settings = settings;
    this.#metrics = metrics;
    this.#views = views;
  }

  /** Resolves with the bound port. @throws TributaryError BIND_IN_USE */
  async listen(): Promise<{ address: string; port: number }> {
    // Loaded here: the xDS port must be open before anything that istiod does not wait for.
    const { fastify } = await import("fastify");
    const app = fastify({ logger: false, bodyLimit: 1024, forceCloseConnections: true });
    app.get("/metrics", async (_request, reply) => reply.type(this.#metrics.contentType).send(await this.#metrics.expose()));
    for (const path of ["/startupz", "/healthz", "/readyz"]) {
      app.get(path, (_request, reply) => reply.code(this.#views.listening() ? 200 : 503).send(this.#report()));
    }
    app.setNotFoundHandler((_request, reply) => reply.code(404).type("text/plain").send("Try /metrics, /healthz, /readyz or /startupz.\n"));
    this.#app = app;
    const { address, port } = this.#settings;
    try {
      await app.listen({ host: address, port });
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code;
      if (code === "EADDRINUSE") {
        throw new TributaryError("BIND_IN_USE", `metrics and health cannot listen on ${address}:${port}: the port is taken`, {
          cause,
          hint: "stop the other process or set metrics.port",
        });
      }
      throw new TributaryError("BIND_FAILED", `metrics and health cannot listen on ${address}:${port}: ${(cause as Error).message}`, {
        cause,
        hint: "check metrics.address",
      });
    }
    const bound = app.addresses()[0];
    return { address, port: typeof bound === "object" ? bound.port : port };
  }

  async close(): Promise<void> {
    await this.#app?.close();
  }

  #report() {
    return {
      listening: this.#views.listening(),
      complete: this.#views.complete(),
      registries: this.#views.registries().map(({ id, status }) => ({
        id,
        phase: status.phase,
        since: new Date(status.since).toISOString(),
        ...(status.reason ? { reason: status.reason } : {}),
      })),
    };
  }
}
