/**
 * The subscriptions of one connection: each is registered once, and again when it is to be read anew, because every
 * registration is answered by a push of all there is. So many are sent ahead of their answers, and no more.
 */
import { randomUUID } from "node:crypto";
import { backOff } from "../../back-off.ts";
import type { Problem } from "../../contract.ts";
import { TaskPool } from "../../task-pool.ts";
import { type Connection, ConnectionLost } from "../bolt/connection.ts";
import type { Frame } from "../bolt/frame.ts";
import { type DataInfoId, dataInfoIdText } from "../data-info-id.ts";
import type { Client, Push, Registration, SessionCodec } from "../messages/session-codec.ts";

export interface SubscriptionsContext {
  readonly connection: Pick<Connection, "request">;
  readonly codec: SessionCodec;
  readonly client: Client;
  readonly maxInFlight: number;
  readonly report: (problem: Problem) => void;
  /** The server does not understand what it is told. */
  readonly misunderstood: (words: string) => void;
  /** Every subscription has been answered by a push. */
  readonly complete: () => void;
}

interface Subscription {
  readonly id: DataInfoId;
  registration: Registration;
  /** Those before it, which end when it is answered. */
  replaced: Registration[];
  /** A push has answered it. */
  pushed: boolean;
  attempts: number;
}

/** Bolt's words for how a request ended. */
const status = { ok: 0, serverException: 2, unknown: 3, noProcessor: 6, codec: 9, serialization: 17, deserialization: 18 };
/** Those of a server that does not know our messages. */
const foreign = new Set(Object.values(status).filter((code) => code !== status.ok));
const retry = { firstMs: 200, mostMs: 1_000 };
/** When the server says that it will not have it. */
const retryRefused = { firstMs: 10_000, mostMs: 60_000 };

export class Subscriptions {
  readonly #context: SubscriptionsContext;
  readonly #byId = new Map<string, Subscription>();
  readonly #pool: TaskPool;
  readonly #timers = new Set<NodeJS.Timeout>();
  #unpushed = 0;
  #answers = 0;
  #stopped = false;

  constructor(context: SubscriptionsContext) {
    this.#context = context;
    this.#pool = new TaskPool(context.maxInFlight);
  }

  /** How many requests the server has answered so far. */
  get answers(): number {
    return this.#answers;
  }

  get size(): number {
    return this.#byId.size;
  }

  has(text: string): boolean {
    return this.#byId.has(text);
  }

  /** Texts of the ids that no push has answered so far. */
  get unpushed(): string[] {
    return [...this.#byId].flatMap(([text, { pushed }]) => (pushed ? [] : [text]));
  }

  /** Subscribes to an id. */
  add(id: DataInfoId): void {
    const text = dataInfoIdText(id);
    if (this.#byId.has(text)) return;
    const registration = { id, registId: randomUUID(), version: 1, event: "REGISTER" } as const;
    const subscription: Subscription = { id, registration, replaced: [], pushed: false, attempts: 0 };
    this.#byId.set(text, subscription);
    this.#unpushed++;
    this.#send(() => this.#register(subscription));
  }

  /** Asks for everything of an id once more. */
  renew(text: string): void {
    const subscription = this.#byId.get(text);
    if (!subscription) return;
    if (subscription.pushed) this.#unpushed++;
    subscription.pushed = false;
    subscription.replaced.push(subscription.registration);
    // The server ignores what it knows already.
    subscription.registration = { ...subscription.registration, registId: randomUUID(), version: 1 };
    this.#send(() => this.#register(subscription));
  }

  remove(text: string): void {
    const subscription = this.#byId.get(text);
    if (!subscription) return;
    this.#byId.delete(text);
    if (!subscription.pushed) this.#confirmed();
    for (const registration of [...subscription.replaced, subscription.registration]) this.#unregister(registration);
  }

  /** A push came. */
  answered(text: string, { registIds }: Push): void {
    const subscription = this.#byId.get(text);
    if (!subscription || subscription.pushed || !registIds.includes(subscription.registration.registId)) return;
    subscription.pushed = true;
    this.#confirmed();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #confirmed(): void {
    this.#unpushed--;
    if (this.#unpushed === 0) this.#context.complete();
  }

  #send(task: () => Promise<void>): void {
    this.#pool.run(() => (this.#stopped ? Promise.resolve() : task()));
  }

  async #register(subscription: Subscription): Promise<void> {
    const { registration } = subscription;
    const text = dataInfoIdText(subscription.id);
    if (this.#byId.get(text) !== subscription) return;
    const failure = await this.#ask(registration);
    if (this.#stopped || this.#byId.get(text) !== subscription || subscription.registration !== registration) return;
    if (failure === undefined) {
      subscription.attempts = 0;
      for (const replaced of subscription.replaced.splice(0)) this.#unregister(replaced);
      return;
    }
    if (subscription.attempts > 0) this.#context.report({ code: "not-pushed", where: text, message: failure.words });
    const wait = backOff(subscription.attempts++, failure.refused ? retryRefused : retry, Math.random());
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#send(() => this.#register(subscription));
    }, wait);
    this.#timers.add(timer);
  }

  /** Whatever comes of it: at worst the server pushes what nobody wants. */
  #unregister(registration: Registration): void {
    this.#send(async () => {
      await this.#ask({ ...registration, version: registration.version + 1, event: "UNREGISTER" });
    });
  }

  /** @returns undefined if the server took it */
  async #ask(registration: Registration): Promise<{ readonly words: string; readonly refused: boolean } | undefined> {
    const { connection, codec, client, misunderstood } = this.#context;
    try {
      const frame = await connection.request(codec.subscribe(registration, client));
      this.#answers++;
      if (foreign.has(frame.status)) {
        misunderstood(wordsOf(frame));
        return { words: wordsOf(frame), refused: true };
      }
      if (frame.status !== status.ok) return { words: wordsOf(frame), refused: false };
      const { success, refused, message } = codec.registerAnswer(frame);
      return success && !refused ? undefined : { words: `the server does not take it: ${message}`, refused };
    } catch (error) {
      if (!(error instanceof ConnectionLost)) misunderstood((error as Error).message);
      return { words: (error as Error).message, refused: false };
    }
  }
}

/** An error's content is a Java exception, of which only the names can be read without its classes. */
function wordsOf({ status: code, content }: Frame): string {
  const names = content.toString("latin1", 0, 2_000).match(/(?:[a-z]\w*\.)+[A-Z]\w*(?:Exception|Error)/g) ?? [];
  return `status ${code}${names.length > 0 ? `, ${[...new Set(names)].join(", ").slice(0, 200)}` : ""}`;
}
