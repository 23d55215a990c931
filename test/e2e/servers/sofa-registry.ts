/** A real SOFARegistry: meta, data and session server in one process, everything in memory. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { HostPort } from "../../../src/registries/host-port.ts";
import { installSofaRegistry } from "../install/sofa-registry.ts";
import { Child } from "./child.ts";
import { eventually } from "./eventually.ts";
import { OwnNetwork } from "./own-network.ts";

/** Packages that it reaches into. */
const opened = ["java.lang", "java.util", "java.net", "java.io", "java.nio", "sun.nio.ch", "java.math", "java.time"];
const jvm = ["-Xms64m", "-Xmx512m", "-XX:MaxDirectMemorySize=128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
const ports = { session: 9600, sessionPages: 9603, metaPages: 9615, data: 9620, dataPages: 9622 };

export class SofaRegistry {
  readonly #classPath: string;
  readonly #network: OwnNetwork;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "sofa-registry-"));
  #child: Child | undefined;

  private constructor(classPath: string, network: OwnNetwork) {
    this.#classPath = classPath;
    this.#network = network;
  }

  /** Installs it if need be, starts it, and waits until it serves, which takes half a minute. */
  static async start(): Promise<SofaRegistry> {
    const classPath = await installSofaRegistry();
    const server = new SofaRegistry(classPath, await OwnNetwork.start());
    await server.restart();
    return server;
  }

  get host(): string {
    return this.#network.address;
  }

  /** Of its session server's pages. */
  get endpoint(): string {
    return `${this.host}:${ports.sessionPages}`;
  }

  /** Of its session server. */
  get session(): HostPort {
    return { host: this.host, port: ports.session };
  }

  /** Of its data server, for other servers: no client is understood there. */
  get data(): string {
    return `${this.host}:${ports.data}`;
  }

  /** Of its data server's pages. */
  get dataPages(): string {
    return `${this.host}:${ports.dataPages}`;
  }

  /** Starts it anew, without anything that was published. */
  async restart(): Promise<void> {
    await this.#child?.kill();
    const opens = opened.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`);
    const args = [...opens, ...jvm, `-Duser.home=${this.#folder}`, "-cp", this.#classPath, "com.acme.registry.Launcher", this.host];
    const child = new Child({ name: "sofa-registry", ...this.#network.command("java", args), cwd: this.#folder });
    this.#child = child;
    await eventually("SOFARegistry serves", () => this.#asks(ports.sessionPages, "/health/check"), {
      within: 120_000,
      unless: () => (child.alive ? undefined : `it ended: ${child.output().slice(-2_000)}`),
    });
  }

  /** kill -9: its clients see their connections reset, and nobody listens any more. */
  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  /** SIGSTOP: connections stay open and are accepted, nothing is answered. */
  suspend(): void {
    this.#child?.signal("SIGSTOP");
  }

  resume(): void {
    this.#child?.signal("SIGCONT");
  }

  /** The operators' switch: while it is closed, nothing is pushed to anybody. */
  async setPush(open: boolean): Promise<void> {
    // The name is of the switch that stops.
    await eventually("the push switch", () => this.#asks(ports.metaPages, `/stopPushDataSwitch/${open ? "close" : "open"}`));
    const wanted = open ? "open" : "closed";
    await eventually(`the push switch is ${wanted}`, async () =>
      (await this.#page(ports.sessionPages, "/digest/pushSwitch")).includes(wanted),
    );
  }

  /** From here on pushes of more than 64 bytes are compressed, for whoever understands it. */
  async compressPushes(): Promise<void> {
    const wanted = { enabled: true, compressMinSize: 64, forbidEncodes: [], enabledSessions: [], enabledClients: [] };
    await eventually("the switch for compression", () => this.#asks(ports.metaPages, "/compress/push/switch", JSON.stringify(wanted)));
  }

  async stop(): Promise<void> {
    await this.#child?.kill();
    await this.#network.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #asks(port: number, page: string, body?: string): Promise<boolean> {
    await this.#page(port, page, body);
    return true;
  }

  async #page(port: number, page: string, body?: string): Promise<string> {
    const post = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body };
    const response = await fetch(`http://${this.host}:${port}${page}`, { ...post, signal: AbortSignal.timeout(5_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${page}: ${response.status} ${text.slice(0, 200)}`);
    return text;
  }
}
