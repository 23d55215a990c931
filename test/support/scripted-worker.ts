/** A supervisor with one scripted registry, and the test's end of its line. */
import { randomUUID } from "node:crypto";
import { BroadcastChannel } from "node:worker_threads";
import { type Logger, silentLogger } from "../../src/log/logger.ts";
import type { Item } from "../../src/registries/service.ts";
import { Supervisor } from "../../src/registries/supervision/supervisor.ts";
import type { SupervisorOptions } from "../../src/registries/supervision/supervisor-options.ts";
import { RecordingFeed } from "./recording-feed.ts";
import { type Command, type ScriptedSettings, scriptedSession } from "./scripted-session.ts";

export const scriptedRegistry = "scripted";

export class ScriptedWorker {
  readonly feed = new RecordingFeed();
  readonly supervisor: Supervisor;
  readonly settings: ScriptedSettings;
  readonly #line: BroadcastChannel;

  constructor(
    settings: Partial<ScriptedSettings> & { items?: readonly Item[] },
    options: Partial<SupervisorOptions> = {},
    log: Logger = silentLogger,
  ) {
    this.settings = { channel: randomUUID(), ...settings };
    this.#line = new BroadcastChannel(this.settings.channel);
    this.supervisor = new Supervisor(this.feed, log, { backOff: { firstMs: 20, mostMs: 100 }, ...options });
    this.supervisor.add({ id: scriptedRegistry, session: scriptedSession, settings: this.settings });
  }

  tell(command: Command): void {
    this.#line.postMessage(command);
  }

  live(): Promise<void> {
    return this.feed.until("live", () => this.feed.last?.phase === "live");
  }

  /** Until the supervisor told of the loss of a worker, with this reason. */
  lost(reason: RegExp): Promise<void> {
    const told = () => this.feed.events.some((event) => event.type === "status" && reason.test(event.status.reason ?? ""));
    return this.feed.until(`lost: ${reason}`, told);
  }

  async end(): Promise<void> {
    this.#line.close();
    await this.supervisor.stop();
  }
}
