/**
 * One life of one worker: started, watched, ended. Whatever ends it – a crash, a hang, too much
 * memory, our own wish – is told exactly once by `ended`, and nothing of it is heard afterwards.
 */
import type { SupervisorOptions } from "./supervisor-options.ts";
import type { HostedWorker } from "./worker-host.ts";
import type { FromWorker, WorkerStart } from "./worker-messages.ts";

const mebibyte = 1024 * 1024;

export interface SupervisedWorkerEvents {
  message(message: FromWorker): void;
  ended(reason: string): void;
}

export class SupervisedWorker {
  readonly #options: SupervisorOptions;
  readonly #events: SupervisedWorkerEvents;
  readonly #worker: HostedWorker;
  readonly #watch: NodeJS.Timeout;
  /** Ticks without a heartbeat. Ticks, not time: a main thread that was itself held up must not blame the worker. */
  #silentTicks = 0;
  #closing: NodeJS.Timeout | undefined;
  #resisting: NodeJS.Timeout | undefined;
  #cause: string | undefined;
  #ended = false;
  /** Bytes, as of the last heartbeat. */
  memory: { readonly heap: number; readonly external: number } = { heap: 0, external: 0 };

  constructor(start: WorkerStart, options: SupervisorOptions, events: SupervisedWorkerEvents) {
    this.#options = options;
    this.#events = events;
    this.#worker = options.host.start(start, options.heap, {
      message: (message) => this.#heard(message),
      exit: (reason) => this.#end(reason),
    });
    this.#watch = setInterval(() => this.#tick(), options.beatMs);
  }

  acknowledge(): void {
    this.#worker.post({ type: "ack" });
  }

  /** Lets a session start that was started without what is known. */
  known(ids: readonly string[]): void {
    this.#worker.post({ type: "known", ids });
  }

  relist(): void {
    this.#worker.post({ type: "relist" });
  }

  collectGarbage(): void {
    this.#worker.post({ type: "collect" });
  }

  /** Asks the session to close, then ends the worker; `ended` follows within `closeMs` + `terminateMs`. */
  close(): void {
    if (this.#closing || this.#ended) return;
    this.#worker.post({ type: "close" });
    this.#closing = setTimeout(() => this.kill("did not close in time"), this.#options.closeMs);
  }

  /** Ends the worker by force. One that resists is given up, so that its successor can start. */
  kill(cause: string): void {
    if (this.#cause !== undefined || this.#ended) return;
    this.#cause = cause;
    this.#worker.terminate();
    this.#resisting = setTimeout(() => this.#end(`${cause}, and resists its end`), this.#options.terminateMs);
  }

  #heard(message: FromWorker): void {
    if (this.#ended || this.#cause !== undefined) return;
    if (message.type === "closed") this.kill("closed");
    else if (message.type === "beat") this.#beat(message);
    else this.#events.message(message);
  }

  #beat(memory: { readonly heap: number; readonly external: number }): void {
    // Only the heartbeat counts: an endless loop can still print and send.
    this.#silentTicks = 0;
    this.memory = { heap: memory.heap, external: memory.external };
    const most = this.#options.externalMb;
    const used = Math.round(memory.external / mebibyte);
    if (used > most) this.kill(`its worker holds ${used} MiB outside the JavaScript heap, more than ${most}`);
  }

  #tick(): void {
    this.#silentTicks++;
    if (this.#silentTicks > this.#options.missedBeats) {
      this.kill(`its worker hangs: no heartbeat for ${(this.#silentTicks * this.#options.beatMs) / 1000} s`);
    }
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#watch);
    clearTimeout(this.#closing);
    clearTimeout(this.#resisting);
    this.#events.ended(this.#cause ?? reason);
  }
}
