/** A real Nacos server on loopback that stands alone, its data in a temporary folder. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { installNacos } from "../install/nacos.ts";
import { Child } from "./child.ts";
import { eventually } from "./eventually.ts";
import { accepts, freePorts } from "./free-port.ts";

export interface NacosOptions {
  /** Its largest heap, in MiB, default 384. */
  readonly heap?: number;
  /** How far Java compiles; `quick` by default, as for short tests. */
  readonly compiler?: "quick" | "full";
  /** Whoever asks has to log in, and a token lives so long (s); the first user is made at the start. */
  readonly tokenTtl?: number;
  /** Files in PEM, with which gRPC is spoken by TLS, beside plain text. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

export const firstUser = { user: "nacos", password: "secret:with/signs" };

/** A server with these headers is taken for another one of the cluster. */
export const identity = { key: "x-tributary-identity", value: "friend" };

export class Nacos {
  /** Of the HTTP API; that of gRPC is 1000 higher. */
  readonly port: number;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "nacos-"));
  readonly #classPath: string;
  readonly #options: NacosOptions;
  #child: Child | undefined;
  #hasServed = false;

  private constructor(port: number, classPath: string, options: NacosOptions) {
    this.port = port;
    this.#classPath = classPath;
    this.#options = options;
  }

  /** Installs it if need be, starts it on free ports, and waits until it serves. */
  static async start(options: NacosOptions = {}): Promise<Nacos> {
    const server = new Nacos(await freeNacosPort(), await installNacos(), options);
    await server.restart();
    if (options.tokenTtl !== undefined) await server.#makeFirstUser();
    return server;
  }

  /** What clients connect to. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#running().pid;
  }

  /** Starts it again on the same ports and data, and waits until it serves; a running one is killed first. */
  async restart(): Promise<void> {
    try {
      await this.#launch();
    } catch {
      // On a busy machine its database or a port of its own may come too late for it; a database that was never whole is no use.
      if (!this.#hasServed) rmSync(path.join(this.#folder, "data"), { recursive: true, force: true });
      await this.#launch();
    }
    this.#hasServed = true;
  }

  get(path: string, query: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.#request("GET", path, query);
  }

  /** @throws Error with what it says, if it is not a success */
  post(path: string, query: Readonly<Record<string, string>>): Promise<string> {
    return this.#request("POST", path, query);
  }

  put(path: string, query: Readonly<Record<string, string>>): Promise<string> {
    return this.#request("PUT", path, query);
  }

  delete(path: string, query: Readonly<Record<string, string>>): Promise<string> {
    return this.#request("DELETE", path, query);
  }

  /** Asks the clients of a version to connect anew, as a server does that sheds load. @returns how many */
  async resetClients(version: string): Promise<number> {
    const connections = JSON.parse(await this.get("/v2/core/loader/current")) as Record<string, { metaInfo?: { version?: string } }>;
    const ids = Object.keys(connections).filter((id) => connections[id]?.metaInfo?.version === version);
    for (const connectionId of ids) await this.get("/v2/core/loader/reloadClient", { connectionId });
    return ids.length;
  }

  /** kill -9. */
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

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    await this.#child?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The server looks for new users every few seconds. */
  async #makeFirstUser(): Promise<void> {
    const { user, password } = firstUser;
    await this.post("/v1/auth/users/admin", { password });
    await eventually("the first user is known", () => this.post("/v1/auth/login", { username: user, password }));
  }

  /** As another server of the cluster, so that no login is needed. */
  async #request(method: string, path: string, query: Readonly<Record<string, string>>): Promise<string> {
    const response = await fetch(`http://${this.address}/nacos${path}?${new URLSearchParams(query)}`, {
      method,
      headers: { [identity.key]: identity.value },
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return text;
  }

  async #launch(): Promise<void> {
    await this.#child?.kill();
    const { heap = 384, compiler = "quick", tokenTtl, tls } = this.#options;
    mkdirSync(path.join(this.#folder, "conf"), { recursive: true });
    const properties = {
      "server.port": this.port,
      "server.address": "127.0.0.1",
      "server.servlet.contextPath": "/nacos",
      "nacos.inetutils.ip-address": "127.0.0.1",
      "nacos.core.auth.enabled": tokenTtl !== undefined,
      "nacos.core.auth.system.type": "nacos",
      "nacos.core.auth.server.identity.key": identity.key,
      "nacos.core.auth.server.identity.value": identity.value,
      "nacos.core.auth.plugin.nacos.token.secret.key": Buffer.alloc(48, "tributary").toString("base64"),
      "nacos.core.auth.plugin.nacos.token.expire.seconds": tokenTtl ?? 18_000,
      ...(tls && {
        "nacos.remote.server.rpc.tls.enableTls": true,
        "nacos.remote.server.rpc.tls.compatibility": true,
        "nacos.remote.server.rpc.tls.sslProvider": "JDK",
        "nacos.remote.server.rpc.tls.certChainFile": `file:${tls.certificate}`,
        "nacos.remote.server.rpc.tls.certPrivateKey": `file:${tls.key}`,
      }),
      "management.metrics.export.elastic.enabled": false,
      "management.metrics.export.influx.enabled": false,
    };
    const child = new Child({
      name: "nacos",
      command: "java",
      args: [
        ...["-Xms64m", `-Xmx${heap}m`, "-XX:+UseSerialGC", ...(compiler === "quick" ? ["-XX:TieredStopAtLevel=1"] : [])],
        ...["-Dnacos.standalone=true", `-Dnacos.home=${this.#folder}`, `-Duser.home=${this.#folder}`],
        ...["-cp", this.#classPath, "invalid.example.nacos.NacosServer"],
        ...Object.entries(properties).map(([key, value]) => `--${key}=${value}`),
      ],
      cwd: this.#folder,
    });
    this.#child = child;
    await eventually("Nacos serves", async () => (await this.get("/v1/ns/operator/metrics")).includes('"UP"'), {
      within: 120_000,
      unless: () => (child.alive ? undefined : `it ended: ${child.output().slice(-2_000)}`),
    });
    await eventually("Nacos speaks gRPC", () => accepts(this.port + 1_000));
  }

  #running(): Child {
    if (this.#child === undefined) throw new Error("Nacos was not started");
    return this.#child;
  }
}

/** It takes four: its own, 1000 below, and two from 1000 above. */
async function freeNacosPort(): Promise<number> {
  for (;;) {
    const [port] = await freePorts(1);
    const others = [port! - 1_000, port! + 1_000, port! + 1_001];
    if (!(await Promise.all(others.map(accepts))).some(Boolean)) return port!;
  }
}
