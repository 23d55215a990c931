/** ZooKeeper as it is set up somewhere, with a network between it and Tributary that can fail. */
import type { ProxyMode } from "../../support/tcp-proxy.ts";
import type { ZooKeeperVersion } from "../install/zookeeper.ts";
import type { ZooKeeper } from "../servers/zookeeper.ts";
import { ZooKeeperEnsemble } from "../servers/zookeeper-ensemble.ts";
import { Routes } from "./routes.ts";

/** Tributary's, in ms: short, so that faults which outlast it need not be long. */
export const sessionTimeout = 4_000;

export class Setting {
  /** Of Dubbo's registry, and a label of all hosts. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly ensemble: ZooKeeperEnsemble;
  readonly #dubbo: Routes;
  readonly #spring: Routes;

  private constructor(version: ZooKeeperVersion, ensemble: ZooKeeperEnsemble, dubbo: Routes, spring: Routes) {
    const size = ensemble.members.length;
    this.id = `zk-${version.replaceAll(".", "-")}-${size}`;
    this.name = `${version}, ${size === 1 ? "one server" : "three servers"}`;
    this.ensemble = ensemble;
    this.#dubbo = dubbo;
    this.#spring = spring;
  }

  static async start(version: ZooKeeperVersion, size: 1 | 3): Promise<Setting> {
    const ensemble = await ZooKeeperEnsemble.start({ version, size });
    return new Setting(version, ensemble, await Routes.start(ensemble.members), await Routes.start(ensemble.members));
  }

  /** One server and no other. */
  get alone(): boolean {
    return this.ensemble.members.length === 1;
  }

  /** Dubbo's entry in Tributary's configuration. The setting is a label of every host. */
  get dubbo(): Readonly<Record<string, unknown>> {
    const naming = { template: `[{protocol}.]{name}[.v-{version}][.g-{group}].${this.id}.dubbo` };
    return { id: this.id, type: "zookeeper", ...connection(this.#dubbo), naming };
  }

  /** Spring's entry: a second session, on ways of its own. */
  get spring(): Readonly<Record<string, unknown>> {
    const naming = { template: `[{protocol}.]{name}.${this.id}.zookeeper` };
    return { id: `${this.id}-spring`, type: "spring-cloud-zookeeper", ...connection(this.#spring), naming };
  }

  /** Connections of Dubbo's session so far. */
  get accepted(): number {
    return this.#dubbo.accepted;
  }

  /** The server that Dubbo's session is with. */
  get connected(): ZooKeeper {
    return this.#dubbo.used;
  }

  async network(mode: ProxyMode): Promise<void> {
    await Promise.all([this.#dubbo.set(mode), this.#spring.set(mode)]);
  }

  /** Holds back what servers say, in ms. */
  delay(ms: number): void {
    this.#dubbo.delay(ms);
    this.#spring.delay(ms);
  }

  /** Cuts Dubbo's connection when it brings so many further bytes; resolves when that has happened. */
  cutAfter(bytes: number): Promise<void> {
    return this.#dubbo.cutAfter(bytes);
  }

  /** Every address but the one in use becomes mute, for Dubbo's session. */
  muteOthers(): Promise<void> {
    return this.#dubbo.muteOthers();
  }

  /** Breaks what is open. */
  disconnect(): void {
    this.#dubbo.disconnect();
    this.#spring.disconnect();
  }

  /** Ends every fault that is still there. */
  async heal(): Promise<void> {
    await this.network("pass");
    this.delay(0);
    const dead = this.ensemble.members.filter(({ alive }) => !alive);
    for (const member of this.ensemble.members) if (member.alive) member.resume();
    await this.ensemble.restart(dead);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#dubbo.stop(), this.#spring.stop()]);
    await this.ensemble.stop();
  }
}

function connection(routes: Routes) {
  return { servers: routes.addresses, sessionTimeout: `${sessionTimeout}ms` };
}
