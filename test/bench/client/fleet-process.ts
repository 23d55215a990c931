/** Starts and drives many clients (`fleet.ts`) in a process of their own. */
import { Conversation } from "../measuring/conversation.ts";
import type { FromFleet, ToFleet } from "./fleet-messages.ts";

export class FleetProcess {
  /** By marker, when the last client had it; on the shared clock. */
  readonly reached = new Map<number, number>();
  readonly #process: Conversation<ToFleet, FromFleet>;

  private constructor() {
    this.#process = new Conversation(new URL("./fleet.ts", import.meta.url), [], {}, (message) => this.#hear(message));
  }

  static async start(): Promise<FleetProcess> {
    const fleet = new FleetProcess();
    await fleet.#process.next("ready", 10_000);
    return fleet;
  }

  /** @returns when all of them hold the present state */
  async connect(port: number, clients: number): Promise<void> {
    const connected = this.#process.next("connected", 120_000);
    this.#process.say({ type: "connect", port, clients });
    await connected;
  }

  /** Until so many markers are at all clients. */
  async until(count: number, within: number): Promise<void> {
    while (this.reached.size < count) await this.#process.next("reached", within);
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  #hear(message: FromFleet): void {
    if (message.type === "failed") this.#process.fail(message.reason);
    if (message.type === "reached") this.reached.set(message.marker, message.at);
  }
}
