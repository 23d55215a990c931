/**
 * Keeps one source of a namespace open, tries every server in turn, and says what becomes of it. A source that could be a
 * better one stays until the better one is established.
 */
import type { Logger } from "../../../log/logger.ts";
import { hostPortText } from "../../host-port.ts";
import { ServerRotation } from "../../server-rotation.ts";
import type { NacosService } from "../nacos-service.ts";
import type { Doubt, NamingEvents, NamingSource, OpenSource, ServiceName } from "../naming-source.ts";
import type { NacosServer } from "../settings.ts";

export interface KeptSourceEvents {
  /** A source is established: everything is to be read from it. It may take the place of another that is not lost. */
  opened(source: NamingSource): void;
  /** Another takes the place of one that is not lost: its word may be that of another server. */
  succeeded(): void;
  /** It is over; nothing of it is told any more. Also called for attempts that never were established. */
  lost(reason: string): void;
  changed(service: NacosService): void;
  appeared(service: ServiceName): void;
  unreadable(where: string, reason: string): void;
  /** The server answered, and everything was read from it. */
  contact(): void;
}

export interface KeptSourceContext {
  readonly namespace: string;
  readonly servers: readonly NacosServer[];
  readonly open: OpenSource;
  readonly events: KeptSourceEvents;
  readonly log: Logger;
}

/** Different reasons of one outage; more only repeat what the first ones say. */
const maxSaid = 20;

export class KeptSource {
  readonly #context: KeptSourceContext;
  readonly #servers: ServerRotation<NacosServer>;
  #source: NamingSource | undefined;
  /** Opened beside the present source, and not established so far. */
  #successor: NamingSource | undefined;
  #established = false;
  #retryTimer: NodeJS.Timeout | undefined;
  /** Reasons that were said since the last complete reading. */
  readonly #said = new Set<string>();
  #closed = false;

  constructor(context: KeptSourceContext) {
    this.#context = context;
    this.#servers = new ServerRotation(context.servers);
    this.#connect();
  }

  /** Everything was read from the present source. */
  complete(): void {
    this.#servers.listed();
    this.#said.clear();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    await Promise.all([this.#source?.close(), this.#successor?.close()]);
  }

  #connect(): void {
    this.#established = false;
    this.#source = this.#open(this.#servers.next());
  }

  #open(server: NacosServer): NamingSource {
    const { namespace, open } = this.#context;
    const source: NamingSource = open(
      server,
      namespace,
      this.#eventsOf(server, () => source),
    );
    return source;
  }

  /** Those of one source, as long as it is the one that is kept. */
  #eventsOf(server: NacosServer, source: () => NamingSource): NamingEvents {
    const { events } = this.#context;
    const present =
      <Arguments extends unknown[]>(tell: (...told: Arguments) => void) =>
      (...told: Arguments): void => {
        if (!this.#closed && this.#source === source()) tell(...told);
      };
    return {
      established: () => {
        if (this.#successor === source()) this.#succeed();
        if (!this.#closed && this.#source === source()) this.#onEstablished(source());
      },
      changed: present(events.changed),
      appeared: present(events.appeared),
      unreadable: present(events.unreadable),
      contact: present(() => {
        if (this.#servers.isListed) events.contact();
      }),
      surpassed: present(() => {
        this.#successor ??= this.#open(server);
      }),
      lost: (doubt) => {
        if (this.#successor === source()) this.#successor = undefined;
        else if (!this.#closed && this.#source === source()) this.#onLost(server, doubt);
      },
    };
  }

  /** The present source ends without a loss: there is another already. */
  #succeed(): void {
    const before = this.#source;
    this.#source = this.#successor;
    this.#successor = undefined;
    void before?.close();
    this.#context.events.succeeded();
  }

  #onEstablished(source: NamingSource): void {
    const { namespace, events, log } = this.#context;
    // Whoever refused us before may take us and refuse the first reading again.
    log[this.#servers.refusals > 0 ? "debug" : "info"]({ server: hostPortText(source.server), namespace }, "connected");
    this.#established = true;
    this.#servers.established();
    events.opened(source);
  }

  #onLost(server: NacosServer, { ending, reason: why, next }: Doubt): void {
    const { namespace, events, log } = this.#context;
    this.#source = undefined;
    void this.#successor?.close();
    this.#successor = undefined;
    const wait = this.#servers.ended(ending, this.#established);
    if (next) this.#servers.prefer(({ host, port }) => host === next.host && port === next.port);
    const reason = `${hostPortText(server)}: ${why}`;
    events.lost(reason);
    const fields = { server: hostPortText(server), namespace, retryInMs: Math.round(wait) };
    // An outage is said once, not with every attempt.
    if (this.#said.has(reason) || this.#said.size >= maxSaid) log.debug(fields, reason);
    else {
      log.warn(fields, reason);
      this.#said.add(reason);
    }
    this.#retryTimer = setTimeout(() => this.#connect(), wait);
  }
}
