/** Runs our own program as users do: `tributary serve --config FILE`, on ports of the test's choice. */
import { execFile } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { repository } from "../install/cache.ts";
import { Child, type Exit } from "./child.ts";
import { eventually } from "./eventually.ts";
import { accepts, freePorts, freePortsInARow } from "./free-port.ts";
import { type Metrics, readMetrics } from "./metrics.ts";

/** An Istio object as `tributary dump -o json` prints it. */
export interface DumpedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

const fromSources = path.join(repository, "bin/tributary.js");

export interface TributaryOptions {
  /** The `registries` of the configuration. */
  readonly registries: readonly Readonly<Record<string, unknown>>[];
  /** Where the istiod beside it listens, so that it can tell a warm one from a cold one. */
  readonly istiod?: { readonly http: number; readonly monitoring: number; readonly grpc: number };
  /** `xds.initialSync.timeout`, if not the default. */
  readonly initialSyncTimeout?: string;
  /** `readBack.after`, if not the default. */
  readonly readBackAfter?: string;
  /** `lastKnownGood.folder`, if any. */
  readonly lastKnownGood?: string;
  /** The section `clusters` of the configuration, if any. */
  readonly clusters?: Readonly<Record<string, unknown>>;
  /** The section `merging` of the configuration, if any. */
  readonly merging?: Readonly<Record<string, unknown>>;
  /** The section `mesh` of the configuration, if any. */
  readonly mesh?: Readonly<Record<string, unknown>>;
  /** `xds.shards`, if not 1. */
  readonly shards?: number;
  /** Opens `xds.incrementalPort`. */
  readonly incremental?: boolean;
  /** The launcher that is run; default: the one in the sources. */
  readonly program?: string;
}

export class Tributary {
  readonly xdsPort: number;
  readonly metricsPort: number;
  readonly adminPort: number;
  readonly incrementalPort: number;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "tributary-"));
  readonly #options: TributaryOptions;
  #registries: TributaryOptions["registries"];
  #merging: TributaryOptions["merging"];
  #child: Child | undefined;

  private constructor(options: TributaryOptions, xdsPort: number, others: readonly number[]) {
    this.#options = options;
    this.#registries = options.registries;
    this.#merging = options.merging;
    this.xdsPort = xdsPort;
    [this.metricsPort, this.adminPort, this.incrementalPort] = others as [number, number, number];
  }

  static async start(options: TributaryOptions): Promise<Tributary> {
    const tributary = new Tributary(options, await freePortsInARow(options.shards ?? 1), await freePorts(3));
    await tributary.restart();
    return tributary;
  }

  /** Its xDS address, that of the first shard. */
  get address(): string {
    return `127.0.0.1:${this.xdsPort}`;
  }

  /** The addresses of all shards. */
  get addresses(): string[] {
    return Array.from({ length: this.#options.shards ?? 1 }, (_, index) => `127.0.0.1:${this.xdsPort + index}`);
  }

  get configFile(): string {
    return path.join(this.#folder, "tributary.yaml");
  }

  /** Starts it again with the same configuration (but for other registries, if given) and ports, and waits until it listens; a running one is killed first. */
  async restart(registries = this.#registries): Promise<void> {
    await this.#child?.kill();
    this.#registries = registries;
    writeFileSync(this.configFile, JSON.stringify(this.#configuration(), null, 2));
    const child = new Child({
      name: "tributary",
      command: process.execPath,
      args: [this.#options.program ?? fromSources, "serve", "--config", this.configFile],
    });
    this.#child = child;
    await eventually("tributary listens", async () => (await accepts(this.xdsPort)) && (await this.#status("startupz")) === 200, {
      every: 20,
      unless: () => (child.alive ? undefined : `it ended: ${child.output().slice(-2_000)}`),
    });
  }

  /** Edits the configuration of the running process, and waits until it is taken over. */
  async reload({ registries, merging }: Pick<TributaryOptions, "registries" | "merging">): Promise<void> {
    this.#registries = registries;
    this.#merging = merging;
    const reloads = () => this.output().split("configuration reloaded").length;
    const before = reloads();
    const unfinished = `${this.configFile}.new`;
    writeFileSync(unfinished, JSON.stringify(this.#configuration(), null, 2));
    renameSync(unfinished, this.configFile);
    await eventually("the edit is taken over", () => reloads() > before, { every: 20 });
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.#running().kill();
  }

  /** Ends it as Kubernetes does; it can be restarted. */
  async terminate(): Promise<void> {
    await this.#running().stop();
  }

  /** Ends it as Kubernetes does, and removes its configuration. */
  async stop(): Promise<Exit | undefined> {
    const exit = await this.#child?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
    return exit;
  }

  /** What `tributary dump` says would be served with the same configuration. */
  async dump(): Promise<DumpedObject[]> {
    const args = [fromSources, "dump", "--config", this.configFile, "--output", "json"];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 256 * 1024 * 1024, timeout: 60_000 });
    return (JSON.parse(stdout) as { items: DumpedObject[] }).items;
  }

  /** What `tributary check` says of the same configuration. */
  async check(): Promise<string> {
    const args = [fromSources, "check", "--config", this.configFile];
    // Errors among the findings are no failure of the command.
    const failed = ({ stdout }: { stdout: string }) => ({ stdout });
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 }).catch(failed);
    return stdout;
  }

  /** What `tributary why` says of a host. */
  why(host: string): Promise<string> {
    return this.say("why", host);
  }

  /** What a command says that asks the running server, such as `freeze zk`. */
  async say(...command: readonly string[]): Promise<string> {
    const args = [fromSources, ...command, "--address", `127.0.0.1:${this.adminPort}`];
    return (await promisify(execFile)(process.execPath, args, { timeout: 60_000 })).stdout;
  }

  metrics(): Promise<Metrics> {
    return readMetrics(`http://127.0.0.1:${this.metricsPort}/metrics`);
  }

  /** Whether one registry is in this phase. */
  async isIn(phase: "live" | "stale", registry: string): Promise<boolean> {
    return (await this.metrics()).sum("tributary_registry_phase", { registry, phase }) === 1;
  }

  /** What was warned of in the log about one registry. */
  warnings(registry: string): string[] {
    const lines = this.output()
      .split("\n")
      .filter((line) => line.startsWith("{"));
    const said = lines.map((line) => JSON.parse(line) as { level: string | number; registry?: string; msg?: string });
    return said.flatMap(({ level, registry: of, msg }) => ((level === 40 || level === "warn") && of === registry ? [msg ?? ""] : []));
  }

  get pid(): number {
    return this.#running().pid;
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
    const { istiod, initialSyncTimeout, readBackAfter, lastKnownGood, clusters, mesh, shards, incremental } = this.#options;
    const initialSync = {
      ...(istiod && { istiodPorts: [istiod.grpc], istiodHttpPorts: [istiod.http, istiod.monitoring] }),
      ...(initialSyncTimeout && { timeout: initialSyncTimeout }),
    };
    const readBack = {
      ...(istiod && { ports: [istiod.http, istiod.monitoring] }),
      ...(readBackAfter && { after: readBackAfter }),
    };
    return {
      registries: this.#registries,
      ...(clusters && { clusters }),
      ...(mesh && { mesh }),
      ...(this.#merging && { merging: this.#merging }),
      xds: { port: this.xdsPort, initialSync, ...(shards && { shards }), ...(incremental && { incrementalPort: this.incrementalPort }) },
      metrics: { port: this.metricsPort },
      admin: { port: this.adminPort },
      ...(lastKnownGood && { lastKnownGood: { folder: lastKnownGood } }),
      readBack,
      log: { format: "json" },
    };
  }

  #running(): Child {
    if (this.#child === undefined) throw new Error("tributary was not started");
    return this.#child;
  }
}
