/** Takes what is pushed through one connection: each push is all there is of one id, and counts unless it is older than another. */
import type { Emitter } from "../../contract.ts";
import type { Frame } from "../bolt/frame.ts";
import { dataInfoIdText } from "../data-info-id.ts";
import { type Push, type Segment, type SessionCodec, unknownVersion } from "../messages/session-codec.ts";
import type { SofaSettings } from "../settings.ts";
import type { KnownPublications } from "./known-publications.ts";
import type { Subscriptions } from "./subscriptions.ts";

export interface PushIntakeContext {
  readonly codec: SessionCodec;
  readonly settings: Pick<SofaSettings, "dataCenter" | "unknownGrace">;
  readonly known: KnownPublications;
  readonly emit: Pick<Emitter, "problem">;
  readonly subscriptions: Subscriptions;
}

/** What a server does not know any more, and the timer after which that is believed. */
interface Doubt {
  readonly segments: Map<string, Segment>;
  readonly timer: NodeJS.Timeout;
}

export class PushIntake {
  readonly #context: PushIntakeContext;
  /** Of what was taken: by id, then by data center. Another server may count otherwise. */
  readonly #versions = new Map<string, Map<string, bigint>>();
  readonly #doubts = new Map<string, Doubt>();
  /** Names of all data centers that were told of. */
  readonly dataCenters = new Set<string>();
  #waiting: Frame[] = [];
  #working: NodeJS.Immediate | undefined;
  #pushes = 0;

  constructor(context: PushIntakeContext) {
    this.#context = context;
  }

  /** How many came so far. */
  get pushes(): number {
    return this.#pushes;
  }

  /** One that has been acknowledged. It is read in another turn of the event loop: acknowledgements go first. */
  push(frame: Frame): void {
    this.#waiting.push(frame);
    this.#working ??= setImmediate(() => this.#work());
  }

  forget(text: string): void {
    this.#versions.delete(text);
  }

  stop(): void {
    clearImmediate(this.#working);
    for (const { timer } of this.#doubts.values()) clearTimeout(timer);
  }

  #work(): void {
    const frames = this.#waiting;
    this.#waiting = [];
    this.#working = undefined;
    for (const frame of frames) {
      this.#pushes++;
      try {
        this.#take(this.#context.codec.push(frame.className, frame.content));
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        this.#context.emit.problem({ code: "bad-push", where: frame.className, message });
      }
    }
  }

  #take(push: Push): void {
    const { known, settings, subscriptions } = this.#context;
    const text = dataInfoIdText(push.id);
    if (!subscriptions.has(text)) return;
    const fresh: Segment[] = [];
    const unknown: Segment[] = [];
    for (const segment of push.segments) {
      this.dataCenters.add(segment.name);
      if (settings.dataCenter !== undefined && segment.name !== settings.dataCenter) continue;
      if (segment.version === unknownVersion) unknown.push(segment);
      else if (!this.#isOld(text, segment)) fresh.push(segment);
    }
    if (fresh.length > 0) {
      this.#settle(text, fresh);
      known.put(text, fresh);
    }
    if (unknown.length > 0) this.#doubt(text, unknown);
    subscriptions.answered(text, push);
  }

  /** The same version once more is good news: it is what was asked for. */
  #isOld(text: string, { name, version }: Segment): boolean {
    let versions = this.#versions.get(text);
    if (!versions) {
      versions = new Map();
      this.#versions.set(text, versions);
    }
    const before = versions.get(name);
    if (before !== undefined && version < before) return true;
    versions.set(name, version);
    return false;
  }

  /** A server that has just been started knows nothing until the publishers are back: that is no removal. */
  #doubt(text: string, segments: readonly Segment[]): void {
    const { known, settings } = this.#context;
    if (!known.mayHaveProviders(text)) {
      known.put(text, segments);
      return;
    }
    let doubt = this.#doubts.get(text);
    if (!doubt) {
      doubt = { segments: new Map(), timer: setTimeout(() => this.#believe(text), settings.unknownGrace) };
      this.#doubts.set(text, doubt);
    }
    for (const segment of segments) doubt.segments.set(segment.name, segment);
  }

  /** Data centers know something again. */
  #settle(text: string, segments: readonly Segment[]): void {
    const doubt = this.#doubts.get(text);
    for (const { name } of segments) doubt?.segments.delete(name);
    if (doubt?.segments.size !== 0) return;
    clearTimeout(doubt.timer);
    this.#doubts.delete(text);
  }

  #believe(text: string): void {
    const doubt = this.#doubts.get(text);
    this.#doubts.delete(text);
    if (doubt) this.#context.known.put(text, [...doubt.segments.values()]);
  }
}
