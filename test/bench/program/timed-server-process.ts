/** Starts and drives a timed server (`timed-server.ts`) in a process of its own. */
import { Conversation } from "../measuring/conversation.ts";
import { nodeOptions } from "./node-options.ts";
import type { FromTimedServer, TimedServerOptions, ToTimedServer, Usage } from "./timed-server-messages.ts";
import type { TimedChanges } from "./timed-session.ts";

export class TimedServerProcess {
  /** By shard. */
  readonly ports: readonly number[];
  readonly #process: Conversation<ToTimedServer, FromTimedServer>;

  private constructor(process: Conversation<ToTimedServer, FromTimedServer>, ports: readonly number[]) {
    this.#process = process;
    this.ports = ports;
  }

  /** @returns when its registry's state is published */
  static async start(options: TimedServerOptions): Promise<TimedServerProcess> {
    const process = new Conversation<ToTimedServer, FromTimedServer>(
      new URL("./timed-server.ts", import.meta.url),
      [JSON.stringify(options)],
      { execArgv: nodeOptions() },
    );
    const { ports } = await process.next("listening", 60_000);
    return new TimedServerProcess(process, ports);
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

  stop(): Promise<void> {
    return this.#process.stop();
  }
}
