/** Runs our own program as users do: `tributary serve --config FILE`, on ports of the test's choice. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { repository } from "../install/cache.ts";
import { Child, type Exit } from "./child.ts";
import { eventually } from "./eventually.ts";
import { accepts, freePorts } from "./free-port.ts";
import { type Metrics, readMetrics } from "./metrics.ts";

export interface TributaryOptions {
  /** The `registries` of the configuration. */
  readonly registries: readonly Readonly<Record<string, unknown>>[];
  /** Where the istiod beside it listens, so that it can tell a warm one from a cold one. */
  readonly istiod?: { readonly http: number; readonly monitoring: number; readonly grpc: number };
}

export class Tributary {
  readonly xdsPort: number;
  readonly metricsPort: number;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "tributary-"));
  readonly #options: TributaryOptions;
  #child: Child | undefined;

  private constructor(options: TributaryOptions, xdsPort: number, metricsPort: number) {
    this.#options = options;
    this.xdsPort = xdsPort;
    this.metricsPort = metricsPort;
  }

  static async start(options: TributaryOptions): Promise<Tributary> {
    const [xds, metrics] = await freePorts(2);
    const tributary = new Tributary(options, xds!, metrics!);
    await tributary.restart();
    return tributary;
  }

  /** Its xDS address. */
  get address(): string {
    return `127.0.0.1:${this.xdsPort}`;
  }

  get configFile(): string {
    return path.join(this.#folder, "tributary.yaml");
  }

  /** Starts it again with the same configuration and ports, and waits until it listens; a running one is killed first. */
  async restart(): Promise<void> {
    await this.#child?.kill();
    writeFileSync(this.configFile, JSON.stringify(this.#configuration(), null, 2));
    const child = new Child({
      name: "tributary",
      command: process.execPath,
      args: [path.join(repository, "src/cli/main.ts"), "serve", "--config", this.configFile],
    });
    this.#child = child;
    await eventually("tributary listens", async () => (await accepts(this.xdsPort)) && (await this.#status("startupz")) === 200, {
      every: 20,
      unless: () => (child.alive ? undefined : `it ended: ${child.output().slice(-2_000)}`),
    });
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.#running().kill();
  }

  /** Ends it as Kubernetes does, and removes its configuration. */
  async stop(): Promise<Exit | undefined> {
    const exit = await this.#child?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
    return exit;
  }

  metrics(): Promise<Metrics> {
    return readMetrics(`http://127.0.0.1:${this.metricsPort}/metrics`);
  }

  async ready(): Promise<boolean> {
    return (await this.#status("readyz")) === 200;
  }

  output(): string {
    return this.#running().output();
  }

  async #status(page: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.metricsPort}/${page}`, { signal: AbortSignal.timeout(5_000) });
    await response.body?.cancel();
    return response.status;
  }

  #configuration(): unknown {
    const { registries, istiod } = this.#options;
    const initialSync = istiod && { istiodPorts: [istiod.grpc], istiodHttpPorts: [istiod.http, istiod.monitoring] };
    return { registries, xds: { port: this.xdsPort, initialSync }, metrics: { port: this.metricsPort }, log: { format: "json" } };
  }

  #running(): Child {
    if (this.#child === undefined) throw new Error("tributary was not started");
    return this.#child;
  }
}
