/** The program under measurement: `serve --config FILE`, as its users start it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { repository } from "../../e2e/install/cache.ts";
import { Child } from "../../e2e/servers/child.ts";
import { eventually } from "../../e2e/servers/eventually.ts";
import { freePorts } from "../../e2e/servers/free-port.ts";
import { sharedNow } from "../measuring/clock.ts";
import type { LoopDelay } from "./loop-probe.ts";
import { nodeOptions } from "./node-options.ts";

export interface ServerOptions {
  /** The `registries` of the configuration. */
  readonly registries: readonly Readonly<Record<string, unknown>>[];
  /** Added to the `xds` of the configuration. */
  readonly xds?: Readonly<Record<string, unknown>>;
  /** Where the last known state is kept; default: nowhere. */
  readonly state?: string;
  /** Watch its event loop, at the price of a timer every millisecond. */
  readonly probe?: boolean;
}

export class ServerProcess {
  readonly xdsPort: number;
  readonly metricsPort: number;
  /** Right before the process was started, on the shared clock. */
  readonly startedAt: number;
  readonly #child: Child;
  readonly #folder: string;

  private constructor(child: Child, startedAt: number, ports: { xds: number; metrics: number }, folder: string) {
    this.#child = child;
    this.startedAt = startedAt;
    this.xdsPort = ports.xds;
    this.metricsPort = ports.metrics;
    this.#folder = folder;
  }

  static async start({ registries, xds: extra, state, probe = false }: ServerOptions): Promise<ServerProcess> {
    // Nothing listens at the last two: an istiod beside it that counts as warm.
    const [xds, metrics, admin, ...nowhere] = await freePorts(5);
    const folder = mkdtempSync(path.join(tmpdir(), "tributary-bench-"));
    const config = path.join(folder, "tributary.yaml");
    const initialSync = { istiodPorts: [nowhere[0]], istiodHttpPorts: [nowhere[1]] };
    writeFileSync(
      config,
      JSON.stringify({
        registries,
        xds: { port: xds, initialSync, ...extra },
        metrics: { port: metrics },
        admin: { port: admin },
        lastKnownGood: { folder: state },
      }),
    );
    const preload = probe ? ["--import", fileURLToPath(new URL("./loop-probe.ts", import.meta.url))] : [];
    const startedAt = sharedNow();
    const child = new Child({
      name: "tributary",
      command: process.execPath,
      args: [...nodeOptions(), ...preload, path.join(repository, "bin/tributary.js"), "serve", "--config", config],
      env: { LOOP_PROBE: path.join(folder, "loop-delay.json") },
    });
    return new ServerProcess(child, startedAt, { xds: xds!, metrics: metrics! }, folder);
  }

  get pid(): number {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#child.alive;
  }

  /** What it wrote, at most the last 2,000 characters. */
  output(): string {
    return this.#child.output().slice(-2_000);
  }

  /** How long its event loop was blocked since the last call; only with `probe`. */
  async loopDelay(): Promise<LoopDelay> {
    const file = path.join(this.#folder, "loop-delay.json");
    rmSync(file, { force: true });
    process.kill(this.pid, "SIGUSR2");
    await eventually("the event loop's delay is told", () => existsSync(file), { every: 10, within: 5_000 });
    return JSON.parse(readFileSync(file, "utf8"));
  }

  /** Asks it to end, as Kubernetes does; its work is done. */
  async stop(): Promise<void> {
    await this.#child.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
