/** Starts and drives a client (`client.ts`) in a process of its own. */
import { type ChildProcess, fork } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { sharedNow } from "../measuring/clock.ts";
import type { Arrival, ClientProtocol, FromClient, Inspection, ToClient } from "./client-messages.ts";

export class ClientProcess {
  /** Every answer so far. */
  readonly arrivals: Arrival[] = [];
  /** When a marker was first seen, and first missed after that; times of the shared clock. */
  readonly added = new Map<number, number>();
  readonly removed = new Map<number, number>();
  readonly #events = new EventEmitter<{ [Type in FromClient["type"]]: [Extract<FromClient, { type: Type }>] } & { error: [Error] }>();
  readonly #process: ChildProcess;

  private constructor(protocol: ClientProtocol) {
    this.#process = fork(new URL("./client.ts", import.meta.url), [protocol], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#process.on("message", (message: FromClient) => this.#receive(message));
    this.#process.on("exit", (code) => this.#end(`the client ended with ${code}`));
    // Nobody may be waiting just now; whoever waits next is told by a time-out.
    this.#events.on("error", () => {});
  }

  static async start(protocol: ClientProtocol = "full-state"): Promise<ClientProcess> {
    const client = new ClientProcess(protocol);
    await client.#next("ready", 10_000);
    return client;
  }

  /** Connects as soon as the port is open, after leaving the server it is connected to. @returns the first answer for ServiceEntries */
  async connect(port: number): Promise<Arrival> {
    const arrival = this.#next("arrival", 60_000);
    this.#send({ type: "connect", port });
    return await arrival;
  }

  /** Resolves when the condition holds, which is looked at after every answer. @throws Error after `within` ms */
  async until(what: string, condition: () => boolean, within: number): Promise<void> {
    const deadline = sharedNow() + within;
    while (!condition()) {
      const left = deadline - sharedNow();
      if (left <= 0) throw new Error(`${what}: not within ${within} ms`);
      await this.#next("arrival", left).catch((error) => {
        throw new Error(`${what}: ${error.message}`);
      });
    }
  }

  /** Decodes everything that is held; takes the client seconds where that is much. */
  async inspect(): Promise<Inspection> {
    const inspection = this.#next("inspection", 60_000);
    this.#send({ type: "inspect" });
    return await inspection;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exited;
  }

  #send(message: ToClient): void {
    this.#process.send(message);
  }

  #receive(message: FromClient): void {
    if (message.type === "ended") this.#end(`its stream ended: ${message.reason}`);
    if (message.type === "arrival") {
      this.arrivals.push(message);
      for (const marker of message.added) this.added.set(marker, message.at);
      for (const marker of message.removed) this.removed.set(marker, message.at);
    }
    this.#events.emit(message.type, message as never);
  }

  #end(reason: string): void {
    this.#events.emit("error", new Error(reason));
  }

  /** Fails when the client or its stream ends meanwhile. */
  async #next<Type extends FromClient["type"]>(type: Type, within: number): Promise<Extract<FromClient, { type: Type }>> {
    const [message] = await once(this.#events, type, { signal: AbortSignal.timeout(Math.ceil(within)) });
    return message;
  }
}
