/**
 * One life of one worker: started, watched, ended. Whatever ends it – a crash, a hang, too much
 * memory, our own wish – is told exactly once by `ended`, and nothing of it is heard afterwards.
 */
import { giveWay } from "./give-way.ts";
import type { SupervisorOptions } from "./supervisor-options.ts";
import type { HostedWorker } from "./worker-host.ts";
import type { FromSession, FromWorker, LogLine, SessionStart, ToSession, WorkerStart } from "./worker-messages.ts";

const mebibyte = 1024 * 1024;
/** Heartbeats that a worker may miss before it gives way: one that spins cannot do so by itself. */
const patience = 3;

export interface SupervisedWorkerEvents {
  said(session: number, word: FromSession): void;
  /** What no session said. */
  log(line: LogLine): void;
  ended(reason: string): void;
}

export class SupervisedWorker {
  readonly #options: SupervisorOptions;
  readonly #events: SupervisedWorkerEvents;
  readonly #worker: HostedWorker;
  readonly #watch: NodeJS.Timeout;
  /** Ticks without a heartbeat. Ticks, not time: a main thread that was itself held up must not blame the worker. */
  #silentTicks = 0;
  /** As the system calls it; known from the first heartbeat on. */
  #thread: number | undefined;
  /** Sessions that were asked to close, and how long they may take. */
  readonly #closing = new Map<number, NodeJS.Timeout>();
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

  open(start: SessionStart): void {
    this.#worker.post({ type: "open", start });
  }

  tell(session: number, word: ToSession): void {
    this.#worker.post({ type: "tell", session, word });
  }

  collectGarbage(): void {
    this.#worker.post({ type: "collect" });
  }

  /** Asks a session to close. `closed` follows within `closeMs`, or the worker is ended with all its sessions. */
  close(session: number): void {
    if (this.#closing.has(session) || this.#ended) return;
    this.tell(session, { type: "close" });
    this.#closing.set(
      session,
      setTimeout(() => this.kill("a session did not close in time"), this.#options.closeMs),
    );
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
    switch (message.type) {
      case "beat":
        this.#beat(message);
        break;
      case "log":
        this.#events.log(message);
        break;
      case "said":
        if (message.word.type === "closed") {
          clearTimeout(this.#closing.get(message.session));
          this.#closing.delete(message.session);
        }
        this.#events.said(message.session, message.word);
        break;
    }
  }

  #beat({ heap, external, thread }: Extract<FromWorker, { type: "beat" }>): void {
    // Only the heartbeat counts: an endless loop can still print and send.
    this.#silentTicks = 0;
    this.#thread = thread;
    this.memory = { heap, external };
    const most = this.#options.externalMb;
    const used = Math.round(external / mebibyte);
    if (used > most) this.kill(`its worker holds ${used} MiB outside the JavaScript heap, more than ${most}`);
  }

  #tick(): void {
    this.#silentTicks++;
    if (this.#silentTicks === patience && this.#thread !== undefined && this.#cause === undefined) giveWay(this.#thread);
    if (this.#silentTicks > this.#options.missedBeats) {
      this.kill(`its worker hangs: no heartbeat for ${(this.#silentTicks * this.#options.beatMs) / 1000} s`);
    }
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#watch);
    for (const timer of this.#closing.values()) clearTimeout(timer);
    clearTimeout(this.#resisting);
    this.#events.ended(this.#cause ?? reason);
  }
}
