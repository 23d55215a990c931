/** Starts and drives a client (`client.ts`) in a process of its own. */
import { sharedNow } from "../measuring/clock.ts";
import { Conversation } from "../measuring/conversation.ts";
import type { Arrival, ClientProtocol, FromClient, Inspection, ToClient } from "./client-messages.ts";

export class ClientProcess {
  /** Every answer so far. */
  readonly arrivals: Arrival[] = [];
  /** When a marker was first seen, and first missed after that; times of the shared clock. */
  readonly added = new Map<number, number>();
  readonly removed = new Map<number, number>();
  readonly #process: Conversation<ToClient, FromClient>;

  private constructor(protocol: ClientProtocol) {
    this.#process = new Conversation(new URL("./client.ts", import.meta.url), [protocol], {}, (message) => this.#hear(message));
  }

  static async start(protocol: ClientProtocol = "full-state"): Promise<ClientProcess> {
    const client = new ClientProcess(protocol);
    await client.#process.next("ready", 10_000);
    return client;
  }

  /** Connects as soon as the port is open, after leaving the server it is connected to. @returns the first answer for ServiceEntries */
  async connect(port: number): Promise<Arrival> {
    const arrival = this.#process.next("arrival", 60_000);
    this.#process.say({ type: "connect", port });
    return await arrival;
  }

  /** Resolves when the condition holds, which is looked at after every answer. @throws Error after `within` ms */
  async until(what: string, condition: () => boolean, within: number): Promise<void> {
    const deadline = sharedNow() + within;
    while (!condition()) {
      const left = deadline - sharedNow();
      if (left <= 0) throw new Error(`${what}: not within ${within} ms`);
      await this.#process.next("arrival", left).catch((error) => {
        throw new Error(`${what}: ${error.message}`);
      });
    }
  }

  /** Decodes everything that is held; takes the client seconds where that is much. */
  async inspect(): Promise<Inspection> {
    const inspection = this.#process.next("inspection", 60_000);
    this.#process.say({ type: "inspect" });
    return await inspection;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  #hear(message: FromClient): void {
    if (message.type === "ended") this.#process.fail(`its stream ended: ${message.reason}`);
    if (message.type !== "arrival") return;
    this.arrivals.push(message);
    for (const marker of message.added) this.added.set(marker, message.at);
    for (const marker of message.removed) this.removed.set(marker, message.at);
  }
}
