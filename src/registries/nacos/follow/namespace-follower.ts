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
  /** What was being read will not be complete. */
  lost(reason: string): void;
  contact(): void;
}

export class NamespaceFollower {
  readonly namespace: string;
  readonly #context: NamespaceContext;
  readonly #services = new FollowedServices();
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
    await this.#kept.close();
  }

  #onOpened(source: NamingSource): void {
    this.#source = source;
    this.#services.unsubscribed();
    this.#isReading = false;
    this.#readAgain = false;
    void this.#readAll(source);
  }

  #onLost(reason: string): void {
    this.#source = undefined;
    clearTimeout(this.#pollTimer);
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
      await forEachLimited(this.#services.all(), settings.maxInFlight, (service) => this.#read(source, service, true));
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
      const unknown = names.filter((name) => !this.#services.has(name)).map((name) => this.#services.ensure(name));
      await forEachLimited(unknown, settings.maxInFlight, (service) => this.#read(source, service, false));
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

  async #read(source: NamingSource, service: FollowedService, isListed: boolean): Promise<void> {
    try {
      const isNew = !service.isSubscribed;
      const read = isNew ? await source.subscribe(service.name) : await source.query(service.name);
      if (!this.#isCurrent(source)) return;
      service.isSubscribed = true;
      this.#onRead(read, isListed);
    } catch (error) {
      if (error instanceof RequestRefused || error instanceof SourceLost) throw error;
      // Its last state stays.
      const where = `${this.namespace}/${serviceText(service.name)}`;
      this.#context.report({ code: "bad-service", where, message: (error as Error).message });
    }
  }

  #onRead(service: NacosService, isListed: boolean): void {
    if (!this.#services.has(service)) return;
    this.#services.wasRead(service, service.instances.length);
    this.#context.events.read(service, isListed);
  }

  /** A server tells that a service is there before any list is due. */
  #onAppeared(name: ServiceName): void {
    const source = this.#source;
    const { groups, wanted } = this.#context;
    if (!source || this.#services.has(name) || !wanted(name.name) || groups?.includes(name.group) === false) return;
    const service = this.#services.ensure(name);
    void this.#attempt(source, () => this.#read(source, service, false));
  }

  async #dropUnlisted(source: NamingSource, names: readonly ServiceName[]): Promise<void> {
    const gone = this.#services.listed(names);
    for (const { name } of gone) this.#context.events.gone(name);
    await forEachLimited(gone, this.#context.settings.maxInFlight, ({ name }) => source.unsubscribe(name));
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
