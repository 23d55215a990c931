/** Starts a fake Eureka server full of instances (`eureka-server.ts`) in a process of its own. */
import { Conversation } from "../measuring/conversation.ts";
import type { FromEureka, HeardPolls, ToEureka } from "./eureka-messages.ts";

export class EurekaProcess {
  readonly url: string;
  readonly #process: Conversation<ToEureka, FromEureka>;

  private constructor(process: Conversation<ToEureka, FromEureka>, url: string) {
    this.#process = process;
    this.url = url;
  }

  static async start(apps: number, instancesPerApp: number): Promise<EurekaProcess> {
    const process = new Conversation<ToEureka, FromEureka>(new URL("./eureka-server.ts", import.meta.url), [
      `${apps}`,
      `${instancesPerApp}`,
    ]);
    const { url } = await process.next("ready", 30_000);
    return new EurekaProcess(process, url);
  }

  /** What was asked since the last call. */
  async heard(): Promise<HeardPolls> {
    const heard = this.#process.next("heard", 5_000);
    this.#process.say({ type: "heard" });
    return await heard;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}
