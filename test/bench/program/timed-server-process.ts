/** Starts and drives a timed server (`timed-server.ts`) in a process of its own. */
import type { Behaviour } from "../../support/bad-session.ts";
import { Conversation } from "../measuring/conversation.ts";
import { ConfigFile, type ConfigOptions } from "./config-file.ts";
import { nodeOptions } from "./node-options.ts";
import type { FromTimedServer, TimedState, ToTimedServer, Usage } from "./timed-server-messages.ts";
import type { TimedChanges } from "./timed-session.ts";

export interface TimedServerOptions extends TimedState, Pick<ConfigOptions, "xds"> {
  /** Registries beside it, each behaving as its id says (`bad-session.ts`). Default: none. */
  readonly neighbours?: readonly Behaviour[];
}

/** Named as a Dubbo registry's services are; nobody connects to it. */
const registry = (id: string) => ({ id, type: "zookeeper", servers: "127.0.0.1:1" });

export class TimedServerProcess {
  /** By shard. */
  readonly ports: readonly number[];
  readonly #config: ConfigFile;
  readonly #process: Conversation<ToTimedServer, FromTimedServer>;

  private constructor(process: Conversation<ToTimedServer, FromTimedServer>, ports: readonly number[], config: ConfigFile) {
    this.#process = process;
    this.ports = ports;
    this.#config = config;
  }

  /** @returns when its registry's state is published */
  static async start({ services, instances, xds, neighbours = [] }: TimedServerOptions): Promise<TimedServerProcess> {
    const registries = ["timed", ...neighbours].map(registry);
    const config = await ConfigFile.write(xds ? { registries, xds } : { registries });
    const module = new URL("./timed-server.ts", import.meta.url);
    const args = [config.path, String(services), String(instances)];
    const process = new Conversation<ToTimedServer, FromTimedServer>(module, args, { execArgv: nodeOptions() });
    const { ports } = await process.next("listening", 60_000);
    return new TimedServerProcess(process, ports, config);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** @returns when each change was told to the emitter, in their order, on the shared clock */
  async change(changes: TimedChanges): Promise<readonly number[]> {
    const changed = this.#process.next("changed", 10_000 + changes.count * (changes.pause + 20) * 2);
    this.#process.say({ type: "change", ...changes });
    return (await changed).emittedAt;
  }

  async usage(): Promise<Usage> {
    const usage = this.#process.next("usage", 20_000);
    this.#process.say({ type: "usage" });
    return await usage;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    this.#config.remove();
  }
}
