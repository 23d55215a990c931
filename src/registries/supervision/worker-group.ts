/**
 * The registries that live in one worker, and the lives of that worker: whatever ends it, the next one
 * starts after back-off with the sessions of all of them. Most groups have one member.
 */
import type { Logger } from "../../log/logger.ts";
import { backOff } from "../back-off.ts";
import { SupervisedWorker } from "./supervised-worker.ts";
import type { SupervisorOptions } from "./supervisor-options.ts";
import type { WorkerLimits } from "./worker-host.ts";
import type { FromSession, SessionStart, ToSession } from "./worker-messages.ts";

export interface GroupMember {
  /** Called whenever its session starts: now, and in every later worker. */
  begin(session: number): SessionStart;
  heard(word: FromSession): void;
  /** The worker ended, and not by our wish. `retryAt`: epoch ms at which the next one starts. */
  lost(reason: string, retryAt: number): void;
}

interface Place {
  readonly member: GroupMember;
  /** Set once it was asked to leave. */
  left: PromiseWithResolvers<void> | undefined;
}

export class WorkerGroup {
  readonly #log: Logger;
  #options: SupervisorOptions;
  readonly #defaults: SupervisorOptions;
  /** By the numbers of their sessions. */
  readonly #places = new Map<number, Place>();
  /** Those who left last wait for the worker's end. */
  #leaving: PromiseWithResolvers<void>[] = [];
  #worker: SupervisedWorker | undefined;
  #sessions = 0;
  #attempt = 0;
  #restarts = 0;
  #startedAt = 0;
  #restarting: NodeJS.Timeout | undefined;
  /** The worker is ended because nobody is left in it. */
  #isDone = false;

  constructor(log: Logger, options: SupervisorOptions) {
    this.#log = log;
    this.#options = options;
    this.#defaults = options;
  }

  /** From the next start of the worker on. Of members that do not agree, the last one's count. */
  limit(limits: WorkerLimits | undefined): void {
    const { heap } = this.#defaults;
    const own = limits && { heap: { ...heap, oldGenerationMb: limits.heapMb }, externalMb: limits.externalMb };
    this.#options = { ...this.#defaults, ...own };
  }

  /** Bytes held by the worker, as of its last heartbeat. */
  get memory(): { readonly heap: number; readonly external: number } {
    return this.#worker?.memory ?? { heap: 0, external: 0 };
  }

  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  /** Starts a session for the member at once, in the running worker or a new one. Gives its number. */
  join(member: GroupMember): number {
    this.#sessions += 1;
    const session = this.#sessions;
    this.#places.set(session, { member, left: undefined });
    if (this.#worker === undefined) this.#start();
    // One that is about to end is followed by another.
    else if (!this.#isDone) this.#worker.open(member.begin(session));
    return session;
  }

  tell(session: number, word: ToSession): void {
    this.#worker?.tell(session, word);
  }

  /** Starts without waiting any longer, as if nothing had failed before. */
  renew(): void {
    this.#attempt = 0;
    if (this.#worker === undefined) this.#start();
  }

  collectGarbage(): void {
    this.#worker?.collectGarbage();
  }

  /** Closes the session; its member hears nothing more but `closed`. Resolves within a second, once it holds nothing any more. */
  leave(session: number): Promise<void> {
    const place = this.#places.get(session);
    if (place === undefined) return Promise.resolve();
    if (place.left !== undefined) return place.left.promise;
    place.left = Promise.withResolvers();
    if (this.#worker === undefined || this.#isDone) {
      this.#remove(session, place.left);
      if (this.isEmpty) clearTimeout(this.#restarting);
    } else this.#worker.close(session);
    return place.left.promise;
  }

  #start(): void {
    clearTimeout(this.#restarting);
    this.#restarting = undefined;
    this.#startedAt = performance.now();
    this.#isDone = false;
    const { beatMs, logLevel } = this.#options;
    const sessions = [...this.#places].map(([session, { member }]) => member.begin(session));
    this.#worker = new SupervisedWorker({ worker: { beatMs, logLevel, givesWay: this.#restarts > 0 }, sessions }, this.#options, {
      said: (session, word) => this.#said(session, word),
      log: ({ level, fields, message }) => this.#log[level](JSON.parse(fields), message),
      ended: (reason) => this.#ended(reason),
    });
  }

  #said(session: number, word: FromSession): void {
    const place = this.#places.get(session);
    if (place === undefined) return;
    if (word.type !== "closed") {
      if (place.left === undefined) place.member.heard(word);
      return;
    }
    const { left } = place;
    this.#places.delete(session);
    if (!this.isEmpty) left?.resolve();
    else {
      // Whoever leaves last has left when the worker has ended.
      if (left !== undefined) this.#leaving.push(left);
      this.#isDone = true;
      this.#worker?.kill("closed");
    }
  }

  #ended(reason: string): void {
    this.#worker = undefined;
    for (const left of this.#leaving) left.resolve();
    this.#leaving = [];
    for (const [session, { left }] of this.#places) if (left !== undefined) this.#remove(session, left);
    if (this.isEmpty) return;
    if (this.#isDone) {
      // Somebody joined meanwhile.
      this.#start();
      return;
    }
    this.#restarts++;
    if (performance.now() - this.#startedAt >= this.#options.healthyMs) this.#attempt = 0;
    const wait = backOff(this.#attempt++, this.#options.backOff, Math.random());
    const fields = { code: "REGISTRY_CRASHED", restarts: this.#restarts, waitMs: Math.round(wait) };
    this.#log.error(fields, `${reason}; its last state is kept`);
    this.#restarting = setTimeout(() => this.#start(), wait);
    for (const { member } of this.#places.values()) member.lost(reason, Date.now() + wait);
  }

  #remove(session: number, left: PromiseWithResolvers<void>): void {
    this.#places.delete(session);
    left.resolve();
  }
}
