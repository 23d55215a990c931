/**
 * Follows the services of one namespace through whatever source is open: all are listed and subscribed, changes come as
 * pushes, and the lists are read again and again for what nobody pushes. With every new source, everything is read anew.
 */
import type { Logger } from "../../../log/logger.ts";
import type { Problem } from "../../contract.ts";
import { forEachLimited } from "../../task-pool.ts";
import type { NacosService } from "../nacos-service.ts";
import { type NamingSource, type OpenSource, RequestRefused, type ServiceName, SourceLost } from "../naming-source.ts";
import { serviceText } from "../service-text.ts";
import type { NacosSettings } from "../settings.ts";
import { type FollowedService, FollowedServices } from "./followed-services.ts";
import { KeptSource } from "./kept-source.ts";
import { SettlingHealth } from "./settling-health.ts";

export interface NamespaceContext {
  /** Its id; `public` for the public one. */
  readonly namespace: string;
  /** Undefined: all. */
  readonly groups: readonly string[] | undefined;
  readonly wanted: (name: string) => boolean;
  readonly settings: NacosSettings;
  readonly open: OpenSource;
  readonly events: NamespaceEvents;
  readonly report: (problem: Problem) => void;
  readonly log: Logger;
}

export interface NamespaceEvents {
  /** Everything is read anew from here on. */
  begun(): void;
  /** What a service is now. @param isListed it was read together with all others */
  read(service: NacosService, isListed: boolean): void;
  /** The server does not list the service any more. */
  gone(name: ServiceName): void;
  /** The names were listed and nothing new was read but what is new. */
  polled(): void;
  /** Everything was read; nothing more is asked before it resolves. */
  complete(): Promise<void>;
  /** It is read by another connection from now on, though the one before was not lost. */
  succeeded(): void;
  /** What was being read will not be complete. */
  lost(reason: string): void;
  contact(): void;
}

/** So many refusals, and more of them than answers, speak against the server and not against the services. */
const fewRefusals = 5;

export class NamespaceFollower {
  readonly namespace: string;
  readonly #context: NamespaceContext;
  readonly #services = new FollowedServices();
  readonly #health = new SettlingHealth((service) => this.#onRead(service, false));
  readonly #kept: KeptSource;
  #source: NamingSource | undefined;
  #isReading = false;
  #readAgain = false;
  #pollTimer: NodeJS.Timeout | undefined;
  #relistAt = 0;
  #stopped = false;

  constructor(context: NamespaceContext) {
    const { namespace, settings, open, events, report, log } = context;
    this.namespace = namespace;
    this.#context = context;
    this.#kept = new KeptSource({
      namespace,
      servers: settings.servers,
      open,
      log,
      events: {
        opened: (source) => this.#onOpened(source),
        succeeded: events.succeeded,
        lost: (reason) => this.#onLost(reason),
        changed: (service) => this.#onRead(service, false),
        appeared: (name) => this.#onAppeared(name),
        unreadable: (where, message) => report({ code: "bad-service", where, message }),
        contact: events.contact,
      },
    });
  }

  /** Of the source that is open; undefined while there is none. */
  get source(): NamingSource | undefined {
    return this.#source;
  }

  /** Of all services that are read. */
  get names(): ServiceName[] {
    return this.#services.all().map(({ name }) => name);
  }

  /** There are services that could not be read so far, and of which only earlier workers may know something. */
  get isUnread(): boolean {
    return this.#services.areUnread;
  }

  /** Reads everything anew, now or as soon as a reading that is under way has ended; a source to come does so anyway. */
  relist(): void {
    if (!this.#source) return;
    if (this.#isReading) this.#readAgain = true;
    else void this.#readAll(this.#source);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#source = undefined;
    clearTimeout(this.#pollTimer);
    this.#health.stop();
    await this.#kept.close();
  }

  #onOpened(source: NamingSource): void {
    this.#source = source;
    this.#services.unsubscribed();
    this.#health.begin();
    this.#isReading = false;
    this.#readAgain = false;
    void this.#readAll(source);
  }

  #onLost(reason: string): void {
    this.#source = undefined;
    clearTimeout(this.#pollTimer);
    this.#health.lost();
    this.#context.events.lost(reason);
  }

  async #readAll(source: NamingSource): Promise<void> {
    const { events, settings } = this.#context;
    clearTimeout(this.#pollTimer);
    this.#isReading = true;
    events.begun();
    await this.#attempt(source, async () => {
      const names = await this.#listNames(source);
      for (const name of names) this.#services.ensure(name);
      await this.#readEach(source);
      if (!this.#isCurrent(source)) return;
      await this.#dropUnlisted(source, names);
      await events.complete();
      if (!this.#isCurrent(source)) return;
      this.#kept.complete();
      this.#isReading = false;
      this.#relistAt = performance.now() + jittered(settings.relistInterval);
      if (this.#readAgain) {
        this.#readAgain = false;
        this.relist();
      } else this.#schedulePoll(source);
    });
  }

  #schedulePoll(source: NamingSource): void {
    clearTimeout(this.#pollTimer);
    const { listInterval } = this.#context.settings;
    const wait = Math.max(0, Math.min(jittered(listInterval), this.#relistAt - performance.now()));
    this.#pollTimer = setTimeout(() => void this.#poll(source), wait);
  }

  /** Finds services that are new or gone; everything is read anew when it is time. */
  async #poll(source: NamingSource): Promise<void> {
    if (performance.now() >= this.#relistAt) {
      this.relist();
      return;
    }
    const { settings, events } = this.#context;
    await this.#attempt(source, async () => {
      const names = await this.#listNames(source);
      if (!this.#isCurrent(source) || this.#isReading) return;
      const unread = names.map((name) => this.#services.ensure(name)).filter(({ isSubscribed }) => !isSubscribed);
      await forEachLimited(unread, settings.maxInFlight, async (service) => void (await this.#read(source, service, false)));
      if (!this.#isCurrent(source)) return;
      await this.#dropUnlisted(source, names);
      events.polled();
      if (this.#isCurrent(source) && !this.#isReading) this.#schedulePoll(source);
    });
  }

  async #listNames(source: NamingSource): Promise<ServiceName[]> {
    const { groups, wanted } = this.#context;
    const names = groups === undefined ? await source.list() : (await Promise.all(groups.map((group) => source.list(group)))).flat();
    return names.filter(({ name }) => wanted(name));
  }

  /** @throws RequestRefused if it is the server that cannot be read, and not some services of it */
  async #readEach(source: NamingSource): Promise<void> {
    const refusals: RequestRefused[] = [];
    const services = this.#services.all();
    await forEachLimited(services, this.#context.settings.maxInFlight, async (service) => {
      const refusal = await this.#read(source, service, true);
      if (refusal) refusals.push(refusal);
    });
    const [first] = refusals;
    if (!first) return;
    const answers = services.length - refusals.length;
    if (first.ending === "refused" ? answers === 0 : refusals.length >= fewRefusals && refusals.length > answers) throw first;
  }

  /**
   * @returns why it was refused; its last state stays then
   * @throws SourceLost, RequestRefused if others are refused as well
   */
  async #read(source: NamingSource, service: FollowedService, isListed: boolean): Promise<RequestRefused | undefined> {
    try {
      const isNew = !service.isSubscribed;
      const read = isNew ? await source.subscribe(service.name) : await source.query(service.name);
      if (!this.#isCurrent(source)) return undefined;
      service.isSubscribed = true;
      this.#onRead(read, isListed);
      return undefined;
    } catch (error) {
      const refusal = error instanceof RequestRefused ? error : undefined;
      if (refusal?.isGeneral || error instanceof SourceLost) throw error;
      const where = `${this.namespace}/${serviceText(service.name)}`;
      this.#context.report({ code: "bad-service", where, message: (error as Error).message });
      return refusal;
    }
  }

  #onRead(service: NacosService, isListed: boolean): void {
    if (!this.#services.has(service)) return;
    this.#services.wasRead(service, service.instances.length);
    this.#context.events.read(this.#health.settled(service), isListed);
  }

  /** A server tells that a service is there before any list is due. */
  #onAppeared(name: ServiceName): void {
    const source = this.#source;
    const { groups, wanted } = this.#context;
    if (!source || this.#services.has(name) || !wanted(name.name) || groups?.includes(name.group) === false) return;
    const service = this.#services.ensure(name);
    void this.#attempt(source, async () => void (await this.#read(source, service, false)));
  }

  async #dropUnlisted(source: NamingSource, names: readonly ServiceName[]): Promise<void> {
    const gone = this.#services.listed(names);
    for (const { name } of gone) {
      this.#health.forget(name);
      this.#context.events.gone(name);
    }
    await forEachLimited(gone, this.#context.settings.maxInFlight, async ({ name }) => {
      // Whoever refuses that has nothing to push of it either.
      await source.unsubscribe(name).catch((error) => {
        if (!(error instanceof RequestRefused)) throw error;
      });
    });
  }

  /** A reading that fails leaves the view in doubt, so the source is given up and everything read from another. */
  async #attempt(source: NamingSource, read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      if (!this.#isCurrent(source) || error instanceof SourceLost) return;
      if (!(error instanceof RequestRefused)) this.#context.log.error({ err: error }, "a reading failed");
      source.doubt((error as Error).message, error instanceof RequestRefused ? error.ending : "broken");
    }
  }

  #isCurrent(source: NamingSource): boolean {
    return !this.#stopped && this.#source === source;
  }
}

/** Clients that started together must not all ask together. */
function jittered(ms: number): number {
  return ms * (0.9 + 0.2 * Math.random());
}
