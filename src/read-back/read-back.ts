/**
 * Sending is not accepting: istiod acknowledges a push whatever it takes of it. So it is asked, rarely
 * and after changes, what it holds, and that is compared with what it acknowledged.
 */
import type { ReadBackConfig } from "../config/schema.ts";
import type { Logger } from "../log/logger.ts";
import type { ShardedSource } from "../snapshot/snapshot.ts";
import { type Clock, systemClock } from "../xds/clock.ts";
import type { XdsObserver } from "../xds/stream/observer.ts";
import { Acknowledged, type AcknowledgedState } from "./acknowledged.ts";
import { type Ask, type Asking, askInThread } from "./ask-thread.ts";
import { ChangedNames } from "./changed-names.ts";
import type { Outcome } from "./findings.ts";
import { defaultDumpLimits } from "./read-dump.ts";
import { ReadBackRecord } from "./record.ts";
import { Report } from "./report.ts";
import { Timetable } from "./timetable.ts";
import type { ReadBackView } from "./view.ts";

export interface ReadBackOptions {
  readonly source: ShardedSource;
  readonly settings: ReadBackConfig;
  readonly log: Logger;
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Default: in a worker thread, over HTTP. */
  readonly ask?: Ask;
}

/** From an acknowledgement until it may show in the dump, ms; 700 were observed. What changes meanwhile is not judged. */
const settleMs = 3_000;

/** Most differences that one read-back lists; more are counted. */
const maxDifferences = 10_000;

export class ReadBack {
  /** To be told of what happens on the xDS server's streams. */
  readonly observer: XdsObserver;
  readonly #source: ShardedSource;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #ask: Ask;
  readonly #acknowledged: Acknowledged;
  readonly #timetable: Timetable;
  readonly #record: ReadBackRecord;
  readonly #report: Report;
  #cancelTimer: (() => void) | undefined;
  /** When the timer fires; Infinity without one. */
  #timerAt = Number.POSITIVE_INFINITY;
  #running: { readonly changed: ChangedNames; asking?: Asking } | undefined;
  #closed = false;

  constructor({ source, settings, log, clock = systemClock, random = Math.random, ask }: ReadBackOptions) {
    this.#source = source;
    this.#clock = clock;
    this.#log = log;
    this.#ask = ask ?? askInThread({ ports: settings.ports, limits: defaultDumpLimits, maxDifferences });
    this.#timetable = new Timetable(settings, clock.now(), random);
    this.#record = new ReadBackRecord(source);
    this.#report = new Report(log);
    this.#acknowledged = new Acknowledged(source, {
      pushed: () => {
        this.#timetable.pushed(this.#clock.now());
        this.#plan();
      },
      changed: () => this.#plan(),
    });
    this.observer = this.#acknowledged.observer;
  }

  get view(): ReadBackView {
    return this.#record;
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#running?.asking?.cancel();
    this.#running?.changed.close();
    this.#record.close();
  }

  /** Sets the timer, if there is something to wait for. Called at every push: a timer that fires too early is set again. */
  #plan(): void {
    if (this.#closed || this.#running) return;
    const next = this.#timetable.next();
    // Mostly the timer is set, and what istiod acknowledged need not be gathered.
    if (next >= this.#timerAt || !this.#acknowledged.state()) return;
    this.#setTimer(next, () => this.#due());
  }

  #due(): void {
    const now = this.#clock.now();
    const state = this.#acknowledged.state();
    if (!state) return; // the next acknowledgement plans again
    if (now < this.#timetable.next()) {
      this.#plan();
      return;
    }
    this.#timetable.asked(now);
    this.#running = { changed: new ChangedNames(this.#source, state.behind) };
    this.#setTimer(now + settleMs, () => void this.#run(state));
  }

  async #run(state: AcknowledgedState): Promise<void> {
    const running = this.#running;
    if (!running) return;
    const begun = this.#clock.now();
    running.asking = this.#ask(state.tables);
    const outcome = await running.asking.outcome;
    if (this.#closed) return;
    this.#running = undefined;
    try {
      this.#conclude(this.#overtaken(state) ?? outcome, running.changed, this.#clock.now() - begun);
    } catch (error) {
      // A fault of ours in explaining must not end the process that serves istiod.
      this.#log.error({ err: error }, "the result of a read-back could not be taken over");
    }
    this.#plan();
  }

  /** An istiod that has connected anew may be another one, which holds nothing yet. */
  #overtaken(state: AcknowledgedState): Outcome | undefined {
    if (this.#acknowledged.state()?.streams === state.streams) return undefined;
    return { failure: "overtaken", detail: "istiod left or connected anew meanwhile" };
  }

  #conclude(outcome: Outcome, changed: ChangedNames, durationMs: number): void {
    const at = Date.now();
    if ("failure" in outcome) {
      changed.close();
      if (outcome.failure === "overtaken") this.#timetable.overtaken(this.#clock.now());
      this.#record.failed(outcome, at);
      this.#report.failed(outcome);
      return;
    }
    const differences = this.#record.succeeded(outcome, changed, at, durationMs);
    this.#report.succeeded(differences, (difference) => this.#record.guessAt(difference), this.#record.summary());
  }

  #setTimer(at: number, callback: () => void): void {
    this.#cancelTimer?.();
    this.#timerAt = at;
    this.#cancelTimer = this.#clock.schedule(Math.max(1, Math.ceil(at - this.#clock.now())), () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      callback();
    });
  }
}
