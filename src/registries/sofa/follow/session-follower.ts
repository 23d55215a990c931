/**
 * Follows everything through one connection: lists the services, subscribes to each, takes what is pushed, and commits
 * when every subscription has been answered. It is thrown away with its connection.
 */
import type { Logger } from "../../../log/logger.ts";
import type { Emitter, Listing } from "../../contract.ts";
import type { Frame } from "../bolt/frame.ts";
import { dataInfoIdText } from "../data-info-id.ts";
import { listServices, noDataCenter } from "../discovery/listed-services.ts";
import type { SessionCodec } from "../messages/session-codec.ts";
import type { SofaSettings } from "../settings.ts";
import { GoneIds } from "./gone-ids.ts";
import type { KnownPublications } from "./known-publications.ts";
import { PushIntake } from "./push-intake.ts";
import { PushSwitch, pushSwitchClosed } from "./push-switch.ts";
import { Subscriptions, type SubscriptionsContext } from "./subscriptions.ts";

export interface SessionFollowerContext {
  readonly connection: SubscriptionsContext["connection"];
  readonly codec: SessionCodec;
  readonly settings: SofaSettings;
  readonly known: KnownPublications;
  readonly emit: Emitter;
  readonly log: Logger;
  /** A complete listing was committed. */
  readonly listed: () => void;
  readonly misunderstood: (words: string) => void;
  /** The connection is of no use. */
  readonly doubt: (reason: string) => void;
}

/** After so long without any push or answer, those that are missing are given up for now, ms. */
const stallMs = 10_000;
/** The push switch is looked at this often while it is closed, ms. */
const switchMs = 2_000;
/** The list of services is asked for again after this time if it cannot be had, ms. */
const retryMs = 2_000;

export class SessionFollower {
  readonly #context: SessionFollowerContext;
  readonly #subscriptions: Subscriptions;
  readonly #intake: PushIntake;
  readonly #pushSwitch: PushSwitch;
  readonly #gone: GoneIds;
  #listing: Listing | undefined;
  #subscribed = false;
  #listAgain = false;
  #live = false;
  #stallTimer: NodeJS.Timeout | undefined;
  #refreshTimer: NodeJS.Timeout | undefined;
  #relistTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(context: SessionFollowerContext) {
    this.#context = context;
    const { connection, codec, settings, known, emit, log, misunderstood } = context;
    this.#pushSwitch = new PushSwitch(settings, log);
    this.#gone = new GoneIds(known);
    this.#subscriptions = new Subscriptions({
      connection,
      codec,
      client: settings,
      maxInFlight: settings.maxInFlight,
      report: (problem) => emit.problem(problem),
      misunderstood,
      complete: () => this.#commitIfComplete(),
    });
    this.#intake = new PushIntake({ codec, settings, known, emit, subscriptions: this.#subscriptions });
  }

  /** Whether the view is as fresh as the connection. */
  get live(): boolean {
    return this.#live;
  }

  relist(): void {
    if (this.#listing) this.#listAgain = true;
    else void this.#list();
  }

  /** A push came, and has been acknowledged. */
  pushed(frame: Frame): void {
    this.#intake.push(frame);
  }

  stop(): void {
    this.#stopped = true;
    this.#live = false;
    this.#subscriptions.stop();
    this.#intake.stop();
    for (const timer of [this.#stallTimer, this.#refreshTimer, this.#relistTimer]) clearTimeout(timer);
    this.#listing?.abandon("the connection ended before the listing was complete");
    this.#listing = undefined;
  }

  async #list(): Promise<void> {
    const { known, emit, settings } = this.#context;
    clearTimeout(this.#relistTimer);
    clearTimeout(this.#refreshTimer);
    this.#listing = emit.listing();
    this.#subscribed = false;
    known.beginListing();
    try {
      const ids = await listServices(settings);
      if (this.#stopped) return;
      for (const id of ids.values()) known.follow(id);
    } catch (error) {
      if (this.#stopped) return;
      this.#onListFailed(describe(error));
      return;
    }
    for (const id of known.ids) {
      const text = dataInfoIdText(id);
      if (this.#subscriptions.has(text)) this.#subscriptions.renew(text);
      else this.#subscriptions.add(id);
    }
    this.#subscribed = true;
    this.#watchForStall();
    this.#commitIfComplete();
  }

  /** What is followed already goes on: pushes come all the same. */
  #onListFailed(reason: string): void {
    const { known, emit, settings } = this.#context;
    for (const id of known.ids) this.#subscriptions.add(id);
    if (!this.#live) {
      this.#fail(reason, () => this.relist(), retryMs);
      return;
    }
    emit.problem({ code: "listing-failed", where: settings.listing, message: reason });
    this.#abandon(reason);
    this.#refreshTimer = setTimeout(() => this.relist(), retryMs);
  }

  /** Nothing tells any more whether what is known is still true. */
  #fail(reason: string, next: () => void, afterMs: number): void {
    this.#live = false;
    this.#abandon(reason);
    this.#context.emit.unreachable(reason);
    this.#refreshTimer = setTimeout(next, afterMs);
  }

  #abandon(reason: string): void {
    clearTimeout(this.#stallTimer);
    this.#listing?.abandon(reason);
    this.#listing = undefined;
    this.#listAgain = false;
  }

  #watchForStall(): void {
    const before = this.#progress();
    clearTimeout(this.#stallTimer);
    this.#stallTimer = setTimeout(() => {
      if (this.#progress() === before) void this.#onStall();
      else this.#watchForStall();
    }, stallMs);
  }

  #progress(): number {
    return this.#intake.pushes + this.#subscriptions.answers;
  }

  /** Subscriptions stay without a push: because all pushes are stopped, or because something is wrong with the server. */
  async #onStall(): Promise<void> {
    const stopped = await this.#pushSwitch.isClosed();
    if (this.#stopped || !this.#listing) return;
    const { unpushed, size } = this.#subscriptions;
    if (stopped) this.#fail(pushSwitchClosed, () => void this.#awaitSwitch(), switchMs);
    else if (unpushed.length === size) {
      this.#context.doubt(`nothing was pushed for ${size} subscriptions within ${stallMs} ms; perhaps the push switch is closed`);
    } else {
      for (const text of unpushed) {
        this.#context.emit.problem({ code: "not-pushed", where: text, message: `no push within ${stallMs} ms` });
      }
      this.#commit();
    }
  }

  async #awaitSwitch(): Promise<void> {
    const stopped = await this.#pushSwitch.isClosed();
    if (this.#stopped) return;
    if (stopped === true) this.#refreshTimer = setTimeout(() => void this.#awaitSwitch(), switchMs);
    else this.relist();
  }

  #commitIfComplete(): void {
    if (this.#listing && this.#subscribed && this.#subscriptions.unpushed.length === 0) this.#commit();
  }

  #commit(): void {
    const { known, settings, listed } = this.#context;
    const listing = this.#listing;
    if (!listing) return;
    clearTimeout(this.#stallTimer);
    const { dataCenters } = this.#intake;
    if (settings.dataCenter !== undefined && dataCenters.size > 0 && !dataCenters.has(settings.dataCenter)) {
      this.#fail(noDataCenter(settings.dataCenter, dataCenters), () => this.relist(), settings.refreshInterval);
      return;
    }
    known.commit(listing);
    this.#listing = undefined;
    this.#live = true;
    listed();
    this.#relistTimer = setTimeout(() => this.relist(), jittered(settings.relistInterval));
    this.#refreshLater();
    if (this.#listAgain) {
      this.#listAgain = false;
      this.relist();
    }
  }

  #refreshLater(): void {
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = setTimeout(() => void this.#refresh(), jittered(this.#context.settings.refreshInterval));
  }

  /** Looks for new services, and whether pushes still come. */
  async #refresh(): Promise<void> {
    const { settings, known, emit } = this.#context;
    const [ids, stopped] = await Promise.all([listServices(settings).catch(describe), this.#pushSwitch.isClosed()]);
    // Whoever began a listing meanwhile, or could not end one, sees to what comes next.
    if (this.#stopped || this.#listing || !this.#live) return;
    if (stopped) {
      this.#fail(pushSwitchClosed, () => void this.#awaitSwitch(), switchMs);
      return;
    }
    if (typeof ids === "string") emit.problem({ code: "listing-failed", where: settings.listing, message: ids });
    else {
      for (const id of ids.values()) {
        known.follow(id);
        this.#subscriptions.add(id);
      }
      for (const text of this.#gone.take(ids)) {
        this.#intake.forget(text);
        this.#subscriptions.remove(text);
        known.forget(text);
      }
    }
    this.#refreshLater();
  }
}

/** So that many do not ask at once. */
function jittered(ms: number): number {
  return ms * (0.9 + 0.2 * Math.random());
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
