/**
 * Reads one namespace over HTTP, for servers before 2.0 and where gRPC is blocked. There are no subscriptions: services
 * are read again and again, and sooner where a push says that they changed.
 */
import type { Logger } from "../../../log/logger.ts";
import type { Ending } from "../../server-rotation.ts";
import type { Credentials } from "../access/credentials.ts";
import type { NacosService } from "../nacos-service.ts";
import { type NamingEvents, type NamingSource, RequestRefused, type ServiceName, SourceLost } from "../naming-source.ts";
import { serviceText } from "../service-text.ts";
import type { NacosServer, NacosSettings } from "../settings.ts";
import { HttpApi } from "./http-api.ts";
import { Polls } from "./polls.ts";
import { PushTrigger } from "./push-trigger.ts";

export interface HttpSourceContext {
  readonly server: NacosServer;
  /** Its id; `public` for the public one. */
  readonly namespace: string;
  readonly settings: NacosSettings;
  readonly credentials: Credentials;
  readonly events: NamingEvents;
  readonly log: Pick<Logger, "debug" | "warn">;
}

/**
 * A server that was silent for so long is asked something, in ms: one that restarts is away for longer (observed 5 s and
 * more), and what it says afterwards has to be taken with care.
 */
const longestSilenceMs = 3_000;
/** So many readings in a row that the server refuses make it doubtful, and no fewer than there are services. */
const mostRefusals = 5;

export class HttpSource implements NamingSource {
  readonly server: NacosServer;
  readonly #context: HttpSourceContext;
  readonly #polls: Polls;
  readonly #trigger: PushTrigger;
  readonly #silence: NodeJS.Timeout;
  #api: HttpApi | undefined;
  /** Text of each service that is polled, as it was told last. */
  readonly #told = new Map<string, string>();
  #established = false;
  #heardAt = 0;
  #refusals = 0;
  #closed = false;

  constructor(context: HttpSourceContext) {
    const { server, namespace, settings, log } = context;
    this.server = server;
    this.#context = context;
    this.#polls = new Polls({
      interval: settings.pollInterval,
      limit: settings.maxInFlight,
      read: (service) => this.#poll(service),
    });
    this.#trigger = new PushTrigger({ server, namespace, told: (service) => this.#polls.hint(service), log });
    const silence = Math.min(longestSilenceMs, settings.healthCheckInterval);
    this.#silence = setInterval(() => {
      if (this.#established && performance.now() - this.#heardAt >= silence) this.#polls.hintOldest();
    }, silence);
    // Nothing is told before the constructor returns.
    setImmediate(() => void this.#open());
  }

  list(group?: string): Promise<readonly ServiceName[]> {
    return this.#ask((api) => api.list(group));
  }

  query(service: ServiceName, healthyOnly = false): Promise<NacosService> {
    return this.#ask((api) => api.read(service, { healthyOnly }));
  }

  async subscribe(service: ServiceName): Promise<NacosService> {
    const read = await this.#ask((api) => api.read(service, { push: this.#trigger.address }));
    this.#told.set(serviceText(service), textOf(read));
    this.#polls.add(service);
    return read;
  }

  async unsubscribe(service: ServiceName): Promise<void> {
    this.#polls.delete(service);
    this.#told.delete(serviceText(service));
  }

  readConfig(dataId: string, group: string): Promise<string | undefined> {
    return this.#ask((api) => api.readConfig(dataId, group));
  }

  doubt(reason: string, ending: Ending = this.#established ? "broken" : "unreachable"): void {
    if (this.#closed) return;
    void this.close();
    this.#context.events.lost({ ending, reason });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#silence);
    this.#polls.stop();
    this.#api?.close();
    await this.#trigger.close();
  }

  async #open(): Promise<void> {
    const { server, namespace, settings, credentials, events } = this.#context;
    if (this.#closed) return;
    try {
      this.#api = new HttpApi(server, namespace, settings, credentials);
      await Promise.all([this.#api.probe(), this.#trigger.start()]);
    } catch (error) {
      if (error instanceof RequestRefused && error.ending === "refused") this.doubt(`it grants no HTTP API: ${error.message}`, "refused");
      else this.doubt(describe(error));
      return;
    }
    if (this.#closed) return;
    this.#established = true;
    this.#heard();
    events.established();
  }

  async #poll(service: ServiceName): Promise<void> {
    const name = serviceText(service);
    try {
      const read = await this.#ask((api) => api.read(service, { push: this.#trigger.address }));
      const text = textOf(read);
      // Nobody may want it any more.
      if (this.#closed || !this.#told.has(name)) return;
      // Where all are called healthy, nobody sees here who is.
      if (this.#told.get(name) === text && !read.reachProtectionThreshold) return;
      this.#told.set(name, text);
      this.#context.events.changed(read);
    } catch (error) {
      if (!(error instanceof RequestRefused) || this.#closed) return;
      this.#context.events.unreadable(name, error.message);
      if (++this.#refusals >= Math.max(mostRefusals, this.#told.size) || error.isGeneral)
        this.doubt(`${this.#refusals} readings in a row were refused: ${error.message}`, error.ending);
    }
  }

  /** Whatever keeps an answer away makes the server doubtful. */
  async #ask<T>(ask: (api: HttpApi) => Promise<T>): Promise<T> {
    if (this.#closed || !this.#api) throw new SourceLost("the source is closed");
    let answer: T;
    try {
      answer = await ask(this.#api);
    } catch (error) {
      if (this.#closed) throw new SourceLost("the source is closed");
      if (error instanceof RequestRefused) throw error;
      this.doubt(describe(error));
      throw new SourceLost(describe(error));
    }
    if (this.#closed) throw new SourceLost("the source is closed");
    this.#heard();
    return answer;
  }

  #heard(): void {
    this.#heardAt = performance.now();
    this.#refusals = 0;
    if (this.#established) this.#context.events.contact();
  }
}

/** Equal for equal content: a server's own time of telling is no part of it. */
function textOf({ instances, reachProtectionThreshold, problems }: NacosService): string {
  return JSON.stringify([reachProtectionThreshold, instances, problems]);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
