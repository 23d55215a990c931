/**
 * Reads in the background who calls the interfaces that have providers. Consumers only enrich a
 * service, so they are read behind a complete listing, few at a time, and changes of one interface
 * are gathered.
 */
import type { Problem } from "../../contract.ts";
import { type ConsumerUrl, readConsumers } from "../../dubbo/consumer-url.ts";
import { forEachLimited } from "../../task-pool.ts";
import { type Client, RequestFailed } from "../connection/client.ts";
import { noAuth } from "../connection/protocol/error-name.ts";
import type { KnownInterfaces } from "./known-interfaces.ts";
import type { DubboPaths } from "./paths.ts";

const delayMs = 1_000;
const inFlight = 32;

export interface ConsumerPassContext {
  readonly client: Client;
  readonly paths: DubboPaths;
  readonly known: KnownInterfaces;
  readonly report: (problem: Problem) => void;
  /** Reads and tells an interface anew, because its consumers changed. */
  readonly reread: (directory: string) => Promise<void>;
  /** What was due has been read; `whole`: the consumers of every interface. */
  readonly passed: (whole: boolean) => void;
  readonly failed: (error: unknown) => void;
}

export class ConsumerPass {
  readonly #context: ConsumerPassContext;
  #due = new Set<string>();
  /** Every interface is due. */
  #whole = false;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #stopped = false;

  constructor(context: ConsumerPassContext) {
    this.#context = context;
  }

  /** The interface's consumers have to be read, not necessarily at once. */
  due(directory: string): void {
    this.#due.add(directory);
    this.#schedule();
  }

  /** The consumers of all these interfaces have to be read, which are all there are. */
  allDue(directories: Iterable<string>): void {
    for (const directory of directories) this.#due.add(directory);
    this.#whole = true;
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#running || this.#stopped || (this.#due.size === 0 && !this.#whole)) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#run().catch(this.#context.failed);
    }, delayMs);
  }

  async #run(): Promise<void> {
    const directories = [...this.#due];
    const whole = this.#whole;
    this.#due = new Set();
    this.#whole = false;
    this.#running = true;
    try {
      await forEachLimited(directories, inFlight, (directory) => this.#read(directory));
    } finally {
      this.#running = false;
    }
    if (this.#stopped) return;
    this.#context.passed(whole);
    this.#schedule();
  }

  async #read(directory: string): Promise<void> {
    const known = this.#context.known.get(directory);
    if (!known || this.#stopped) return;
    const path = this.#context.paths.consumers(directory);
    let consumers: ConsumerUrl[] | undefined;
    try {
      consumers = await this.#context.client.follow(path, readConsumers);
    } catch (error) {
      if (!(error instanceof RequestFailed) || error.code !== noAuth) throw error;
      this.#context.report({ code: "no-permission", where: path, message: error.message });
      return;
    }
    if (known.setConsumers(consumers ?? [])) await this.#context.reread(directory);
    // Whoever forgot the interface meanwhile forgot its calls.
    if (this.#context.known.get(directory) === known) this.#context.known.calls.set(directory, known.calls);
  }
}
