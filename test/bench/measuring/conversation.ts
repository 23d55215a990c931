/** A forked process that speaks in messages with a `type`: waiting for one of them, and failing when the process ends. */
import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
import { EventEmitter, once } from "node:events";

interface Message {
  readonly type: string;
}

export class Conversation<To extends Message, From extends Message> {
  readonly #process: ChildProcess;
  readonly #events = new EventEmitter();

  /** @param heard called with every message before anybody who waits for it goes on */
  constructor(
    module: URL,
    args: readonly string[],
    options: Pick<ForkOptions, "execArgv"> = {},
    heard: (message: From) => void = () => {},
  ) {
    this.#process = fork(module, args, { ...options, stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#process.on("message", (message: From) => {
      heard(message);
      this.#events.emit(message.type, message);
    });
    this.#process.on("exit", (code) => this.fail(`the process ended with ${code}`));
    // Nobody may be waiting just now; whoever waits next is told by a time-out.
    this.#events.on("error", () => {});
  }

  get pid(): number {
    return this.#process.pid!;
  }

  say(message: To): void {
    this.#process.send(message);
  }

  /** The next message of a type. @throws Error when the process ends, something failed, or after `within` ms */
  async next<Type extends From["type"]>(type: Type, within: number): Promise<Extract<From, { type: Type }>> {
    const [message] = await once(this.#events, type, { signal: AbortSignal.timeout(Math.ceil(within)) });
    return message;
  }

  /** What came in a message makes waiting for others useless. */
  fail(reason: string): void {
    this.#events.emit("error", new Error(reason));
  }

  /** Its other end exits when nobody speaks to it any more (and so leaves its profile, if it was to write one). */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, "exit");
    this.#process.disconnect();
    const insist = setTimeout(() => this.#process.kill("SIGKILL"), 5_000);
    await exited;
    clearTimeout(insist);
  }
}
