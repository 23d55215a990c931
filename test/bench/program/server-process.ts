/** The program under measurement: `serve --config FILE`, as its users start it: bundled, or from a checkout. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { repository } from "../../e2e/install/cache.ts";
import { Child } from "../../e2e/servers/child.ts";
import { eventually } from "../../e2e/servers/eventually.ts";
import { type Metrics, readMetrics } from "../../e2e/servers/metrics.ts";
import { sharedNow } from "../measuring/clock.ts";
import { bundledProgram } from "./bundled-program.ts";
import { ConfigFile, type ConfigOptions } from "./config-file.ts";
import type { LoopDelay } from "./loop-probe.ts";
import { nodeOptions } from "./node-options.ts";

export interface ServerOptions extends ConfigOptions {
  /** Run the sources instead of the bundle, as a checkout does. */
  readonly source?: boolean;
  /** Watch its event loop, at the price of a timer every millisecond. */
  readonly probe?: boolean;
}

export class ServerProcess {
  /** Right before the process was started, on the shared clock. */
  readonly startedAt: number;
  readonly #child: Child;
  readonly #config: ConfigFile;

  private constructor(child: Child, startedAt: number, config: ConfigFile) {
    this.#child = child;
    this.startedAt = startedAt;
    this.#config = config;
  }

  static async start({ source = false, probe = false, ...options }: ServerOptions): Promise<ServerProcess> {
    const config = await ConfigFile.write(options);
    const program = source ? path.join(repository, "bin/tributary.js") : await bundledProgram();
    const preload = probe ? ["--import", fileURLToPath(new URL("./loop-probe.ts", import.meta.url))] : [];
    const startedAt = sharedNow();
    const child = new Child({
      name: "tributary",
      command: process.execPath,
      args: [...nodeOptions(), ...preload, program, "serve", "--config", config.path],
      env: { LOOP_PROBE: path.join(config.folder, "loop-delay.json") },
    });
    return new ServerProcess(child, startedAt, config);
  }

  get pid(): number {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#child.alive;
  }

  get xdsPort(): number {
    return this.#config.xdsPort;
  }

  metrics(): Promise<Metrics> {
    return readMetrics(`http://127.0.0.1:${this.#config.metricsPort}/metrics`);
  }

  /** What it wrote, at most the last 2,000 characters. */
  output(): string {
    return this.#child.output().slice(-2_000);
  }

  /** How long its event loop was blocked since the last call; only with `probe`. */
  async loopDelay(): Promise<LoopDelay> {
    const file = path.join(this.#config.folder, "loop-delay.json");
    rmSync(file, { force: true });
    process.kill(this.pid, "SIGUSR2");
    await eventually("the event loop's delay is told", () => existsSync(file), { every: 10, within: 5_000 });
    return JSON.parse(readFileSync(file, "utf8"));
  }

  /** Asks it to end, as Kubernetes does; its work is done. */
  async stop(): Promise<void> {
    await this.#child.stop();
    this.#config.remove();
  }
}
