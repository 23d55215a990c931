/** A real Eureka server on loopback. All it knows lies in its memory: a restarted one is empty. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { installEurekaServer } from "../install/eureka.ts";
import { Child } from "./child.ts";
import { eventually } from "./eventually.ts";
import { freePorts } from "./free-port.ts";

export interface EurekaOptions {
  /** Its answers are copies that are renewed this often, ms; default 200. Spring's own default is 30 s. */
  readonly copiesLast?: number;
  /** Service URLs of the other servers of its cluster. */
  readonly peers?: readonly string[];
  /** Only who has this user and password is let in. */
  readonly login?: { readonly user: string; readonly password: string };
  /** PKCS 12 file of its certificate; it speaks HTTPS. */
  readonly keyStore?: { readonly file: string; readonly password: string };
  /** Further properties. */
  readonly properties?: readonly string[];
}

/** How long it has to start on a busy machine, ms. */
const startMs = 180_000;

export class Eureka {
  readonly port: number;
  readonly #classPath: string;
  readonly #options: EurekaOptions;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "eureka-"));
  #child: Child | undefined;

  private constructor(port: number, classPath: string, options: EurekaOptions) {
    this.port = port;
    this.#classPath = classPath;
    this.#options = options;
  }

  /** Installs it if need be, starts it on a free port, and waits until it serves. */
  static async start(options: EurekaOptions = {}): Promise<Eureka> {
    const [port] = await freePorts(1);
    return Eureka.startAt(port!, options);
  }

  /** As `start`, where the others of its cluster have to know its port before. */
  static async startAt(port: number, options: EurekaOptions = {}): Promise<Eureka> {
    const server = new Eureka(port, await installEurekaServer(), options);
    await server.restart();
    return server;
  }

  /** What clients are configured with; without user and password. */
  get url(): string {
    return `http${this.#options.keyStore ? "s" : ""}://127.0.0.1:${this.port}/eureka/`;
  }

  /** Starts it again on the same port, and waits until it serves; a running one is killed first. */
  async restart(): Promise<void> {
    await this.launch();
    await this.serving();
  }

  /** As `restart`, without waiting. */
  async launch(): Promise<void> {
    await this.#child?.kill();
    const java = ["-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
    this.#child = new Child({
      name: "eureka",
      command: "java",
      args: [...java, "-cp", this.#classPath, "com.acme.eureka.EurekaServer", ...this.#properties().map((property) => `--${property}`)],
      cwd: this.#folder,
    });
  }

  async serving(): Promise<void> {
    const child = this.#running();
    await eventually("Eureka serves", () => /Started EurekaServer/.test(child.output()), {
      within: startMs,
      unless: () => (child.alive ? undefined : `it ended: ${child.output().slice(-2_000)}`),
    });
  }

  /** kill -9: it forgets everything. */
  async kill(): Promise<void> {
    await this.#running().kill();
  }

  /** SIGSTOP: connections stay open and are accepted, nothing is answered. */
  suspend(): void {
    this.#running().signal("SIGSTOP");
  }

  resume(): void {
    this.#running().signal("SIGCONT");
  }

  /** Resolves when its copy of everything holds so many instances. */
  async shows(count: number): Promise<void> {
    await eventually(`it shows ${count} instances`, async () => (await this.#instances()).length === count);
  }

  /**
   * Takes all registrations back, unless there are more than `most`.
   * @returns how many there were
   */
  async cancelAll(most: number): Promise<number> {
    const all = await this.#instances();
    if (all.length > most) return all.length;
    for (const { app, instanceId } of all) await fetch(`${this.url}apps/${app}/${instanceId}`, { method: "DELETE" });
    await this.shows(0);
    return all.length;
  }

  async stop(): Promise<void> {
    // Asked to end, it would wait for its peers.
    await this.#child?.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #instances(): Promise<{ readonly app: string; readonly instanceId: string }[]> {
    const answer = await fetch(`${this.url}apps`, { headers: { accept: "application/json" } });
    const { applications } = (await answer.json()) as {
      applications: { application: { instance: { app: string; instanceId: string }[] }[] };
    };
    return applications.application.flatMap(({ instance }) => instance);
  }

  #properties(): string[] {
    const { copiesLast = 200, peers = [], login, keyStore, properties = [] } = this.#options;
    return [
      `server.port=${this.port}`,
      "server.address=127.0.0.1",
      "server.tomcat.threads.max=32",
      "eureka.client.register-with-eureka=false",
      // A server fetches from its peers what they know when it starts.
      `eureka.client.fetch-registry=${peers.length > 0}`,
      `eureka.client.service-url.defaultZone=${peers.length > 0 ? peers.join() : this.url}`,
      "eureka.server.wait-time-in-ms-when-sync-empty=0",
      `eureka.server.response-cache-update-interval-ms=${copiesLast}`,
      // By this name it knows itself among its peers. Alone, it would else replicate every registration to itself, some time later.
      ...(peers.length === 0 ? ["eureka.instance.hostname=127.0.0.1"] : []),
      ...(login ? [`spring.security.user.name=${login.user}`, `spring.security.user.password=${login.password}`] : []),
      ...(keyStore ? [`server.ssl.key-store=${keyStore.file}`, `server.ssl.key-store-password=${keyStore.password}`] : []),
      ...properties,
    ];
  }

  #running(): Child {
    if (this.#child === undefined) throw new Error("Eureka was not started");
    return this.#child;
  }
}
