/** A real ZooKeeper server on loopback, alone or a member of an ensemble, its data in a temporary folder. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { installZooKeeper, type ZooKeeperVersion } from "../install/zookeeper.ts";
import { Child } from "./child.ts";
import { eventually } from "./eventually.ts";
import { freePorts } from "./free-port.ts";

export interface ZooKeeperOptions {
  /** Its largest heap, in MiB, default 384; a node takes up to 3 KiB of it. */
  readonly heap?: number;
  /** How far Java compiles. `quick`, the default: up in half a second; `full`: as fast as in production, once it is warm. */
  readonly compiler?: "quick" | "full";
  /** Default: 3.9.3. */
  readonly version?: ZooKeeperVersion;
  /** Its place in an ensemble; absent, it serves alone. */
  readonly member?: Membership;
  /** Further lines of its configuration. */
  readonly settings?: readonly string[];
  /** Further options of its Java. */
  readonly jvm?: readonly string[];
}

export interface Membership {
  /** Its own number, from 1. */
  readonly id: number;
  /** Of each member, in the order of their numbers, the ports for the others and for elections. */
  readonly peers: readonly (readonly [quorum: number, election: number])[];
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
    const server = await ZooKeeper.prepare(options);
    await server.restart();
    return server;
  }

  /** Installs it if need be, and chooses its port. */
  static async prepare(options: ZooKeeperOptions = {}): Promise<ZooKeeper> {
    const [port] = await freePorts(1);
    return new ZooKeeper(port!, await installZooKeeper(options.version), options);
  }

  /** What clients connect to. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#running().pid;
  }

  get alive(): boolean {
    return this.#child?.alive ?? false;
  }

  /** Starts it again on the same port and data, and waits until it serves; a running one is killed first. */
  async restart(): Promise<void> {
    await this.launch();
    await this.serving();
  }

  /** As `restart`, without waiting: a member of an ensemble serves only with others. */
  async launch(): Promise<void> {
    await this.#child?.kill();
    const { heap = 384, compiler = "quick", jvm = [] } = this.#options;
    const java = ["-Xms64m", `-Xmx${heap}m`, "-XX:+UseSerialGC", ...(compiler === "quick" ? ["-XX:TieredStopAtLevel=1"] : []), ...jvm];
    this.#child = new Child({
      name: "zookeeper",
      command: "java",
      args: [...java, "-cp", this.#classPath, "org.apache.zookeeper.server.quorum.QuorumPeerMain", this.#configure()],
    });
  }

  async serving(): Promise<void> {
    const child = this.#running();
    await eventually("ZooKeeper serves", async () => (await this.role()) !== undefined, {
      unless: () => (child.alive ? undefined : `it ended: ${child.output().slice(-2_000)}`),
    });
  }

  /** `standalone`, `leader` or `follower`; undefined while it does not serve. */
  async role(): Promise<string | undefined> {
    return /^Mode: (\w+)/m.exec(await this.command("srvr"))?.[1];
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

  /** @returns the path of its configuration */
  #configure(): string {
    const { member, settings: further = [] } = this.#options;
    const data = path.join(this.folder, "data");
    const configFile = path.join(this.folder, "zoo.cfg");
    mkdirSync(data, { recursive: true });
    if (member !== undefined) writeFileSync(path.join(data, "myid"), String(member.id));
    const peers = member?.peers.map(([quorum, election], at) => `server.${at + 1}=127.0.0.1:${quorum}:${election}`) ?? [];
    const settings = [
      "tickTime=1000",
      "initLimit=10",
      "syncLimit=5",
      // Tests decide whether sessions outlive an outage, not the server's default of 20 ticks.
      "maxSessionTimeout=300000",
      `dataDir=${data}`,
      `clientPort=${this.port}`,
      "clientPortAddress=127.0.0.1",
      "maxClientCnxns=0",
      "admin.enableServer=false",
      "4lw.commands.whitelist=*",
    ];
    writeFileSync(configFile, [...settings, ...further, ...peers].join("\n"));
    return configFile;
  }

  #running(): Child {
    if (this.#child === undefined) throw new Error("ZooKeeper was not started");
    return this.#child;
  }
}
