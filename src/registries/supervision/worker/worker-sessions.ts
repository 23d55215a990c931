/** The sessions of one worker, and its heartbeat: it shows that the event loop they share turns. */
import { getHeapStatistics } from "node:v8";
import { collectGarbage } from "../collect-garbage.ts";
import { giveWay, ownThread } from "../give-way.ts";
import type { WorkerSettings } from "../worker-host.ts";
import type { FromWorker, SessionStart, ToWorker } from "../worker-messages.ts";
import { BusyWatch, threadUsage } from "./busy-watch.ts";
import { RunningSession } from "./running-session.ts";

/** From the last word of a listing, in ms: where it was small, the first answer is out by then, and has the processors. */
const collectAfterMs = 150;

export class WorkerSessions {
  readonly #settings: WorkerSettings;
  readonly #post: (message: FromWorker) => void;
  readonly #sessions = new Map<number, RunningSession>();
  /** Sessions that have not told a complete listing yet. */
  readonly #listing = new Set<number>();
  readonly #thread = ownThread();
  /** Absent while a session is at its first listing, which is as urgent as anything. */
  #watch: BusyWatch | undefined;

  /** @param post the way to the main thread. */
  constructor(settings: WorkerSettings, post: (message: FromWorker) => void) {
    this.#settings = settings;
    this.#post = post;
    setInterval(() => this.#beat(), settings.beatMs);
  }

  /** Rejects with whatever the session's module throws: the worker's end. */
  async open(start: SessionStart): Promise<void> {
    const { session } = start;
    const running = new RunningSession(start, this.#settings.logLevel, (word) => {
      if (word.type === "closed") this.#sessions.delete(session);
      this.#post({ type: "said", session, word });
      if (word.type === "closed" || (word.type === "batch" && word.commit)) this.#listed(session);
    });
    this.#sessions.set(session, running);
    this.#listing.add(session);
    this.#watch = undefined;
    await running.run();
  }

  hear(message: Exclude<ToWorker, { type: "start" }>): void {
    switch (message.type) {
      case "open":
        void this.open(message.start);
        break;
      case "tell":
        this.#sessions.get(message.session)?.hear(message.word);
        break;
      case "collect":
        collectGarbage();
        break;
    }
  }

  /** A listing leaves as much garbage as it had data; the main thread needs the room, for it is still at its first answer. */
  #listed(session: number): void {
    if (!this.#listing.delete(session) || this.#listing.size > 0) return;
    this.#watch = new BusyWatch(threadUsage());
    setTimeout(collectGarbage, collectAfterMs).unref();
  }

  #beat(): void {
    const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
    this.#post({ type: "beat", heap, external, thread: this.#thread });
    if (this.#watch?.look(threadUsage())) giveWay();
  }
}
