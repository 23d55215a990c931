/** A real ZooKeeper server on loopback, standalone, its data in a temporary folder. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { installZooKeeper } from "../install/zookeeper.ts";
import { Child } from "./child.ts";
import { eventually } from "./eventually.ts";
import { freePorts } from "./free-port.ts";

export interface ZooKeeperOptions {
  /** Its largest heap, in MiB, default 384; a node takes up to 3 KiB of it. */
  readonly heap?: number;
  /** Further lines of its configuration. */
  readonly settings?: readonly string[];
  /** Further options of its Java. */
  readonly jvm?: readonly string[];
}

export class ZooKeeper {
  readonly port: number;
  readonly folder: string;
  readonly #classPath: string;
  readonly #options: ZooKeeperOptions;
  #child: Child | undefined;

  private constructor(port: number, classPath: string, options: ZooKeeperOptions) {
    this.port = port;
    this.#classPath = classPath;
    this.#options = options;
    this.folder = mkdtempSync(path.join(tmpdir(), "zookeeper-"));
  }

  /** Installs it if need be, starts it on a free port, and waits until it serves. */
  static async start(options: ZooKeeperOptions = {}): Promise<ZooKeeper> {
    const [port] = await freePorts(1);
    const server = new ZooKeeper(port!, await installZooKeeper(), options);
    await server.restart();
    return server;
  }

  /** What clients connect to. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#running().pid;
  }

  /** Starts it again on the same port and data; a running one is killed first. */
  async restart(): Promise<void> {
    await this.#child?.kill();
    const { heap = 384, settings = [], jvm = [] } = this.#options;
    const configFile = path.join(this.folder, "zoo.cfg");
    writeFileSync(
      configFile,
      [
        "tickTime=1000",
        // Tests decide whether sessions outlive an outage, not the server's default of 20 ticks.
        "maxSessionTimeout=300000",
        `dataDir=${path.join(this.folder, "data")}`,
        `clientPort=${this.port}`,
        "clientPortAddress=127.0.0.1",
        "maxClientCnxns=0",
        "admin.enableServer=false",
        "4lw.commands.whitelist=*",
        ...settings,
      ].join("\n"),
    );
    const java = ["-Xms64m", `-Xmx${heap}m`, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", ...jvm];
    const child = new Child({
      name: "zookeeper",
      command: "java",
      args: [...java, "-cp", this.#classPath, "org.apache.zookeeper.server.ZooKeeperServerMain", configFile],
    });
    this.#child = child;
    await eventually("ZooKeeper serves", async () => (await this.command("srvr")).includes("Mode:"), {
      unless: () => (child.alive ? undefined : `it ended: ${child.output().slice(-2_000)}`),
    });
  }

  /** Asks a four-letter word, as `nc` would: `ruok`, `mntr`, `cons`, … */
  command(word: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, "127.0.0.1", () => socket.write(word));
      let answer = "";
      socket.setTimeout(2_000, () => socket.destroy(new Error(`no answer to ${word}`)));
      socket.setEncoding("utf8");
      socket.on("data", (text) => {
        answer += text;
      });
      socket.once("end", () => resolve(answer));
      socket.once("error", reject);
    });
  }

  /** kill -9: its clients see their connections reset, and nobody listens any more. */
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
    rmSync(this.folder, { recursive: true, force: true });
  }

  #running(): Child {
    if (this.#child === undefined) throw new Error("ZooKeeper was not started");
    return this.#child;
  }
}
