/**
 * The life of one connection: set-up, signs of life, requests with their answers, what the server asks, and an end. No
 * reconnecting, and no request that outlives it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { HostPort } from "../../host-port.ts";
import type { Ending } from "../../server-rotation.ts";
import type { Credentials, Subject } from "../access/credentials.ts";
import { type Doubt, RequestRefused, SourceLost } from "../naming-source.ts";
import type { NacosServer, NacosSettings } from "../settings.ts";
import { errorCode, errorIn } from "./answer.ts";
import { Channel, ChannelFailure } from "./channel.ts";
import type { Fields, Message } from "./message.ts";

export interface ConnectionEvents {
  /** @param fuzzyWatch the server tells names by patterns (3.0 and later) */
  established(fuzzyWatch: boolean): void;
  /** The server told something; it is acknowledged already. */
  told(message: Message): void;
  /** The server answered just now. */
  contact(): void;
  /** Called once, with the connection already closed. */
  lost(doubt: Doubt): void;
}

/** The settings that concern a connection. */
export type ConnectionSettings = Pick<
  NacosSettings,
  "grpcPortOffset" | "connectTimeout" | "requestTimeout" | "healthCheckInterval" | "tls"
>;

/** As Nacos' own clients: a check may take so long, and so many in a row may fail. */
const checkTimeoutMs = 3_000;
const checkTries = 3;
/** A request that is not answered in time is sent so often, as long as others are answered. */
const requestTries = 3;
/** Between two questions whether a server before 2.3 has finished the set-up. */
const setUpPollMs = 100;

/** What the server asks, and the class of the answer it waits for. */
const acknowledgements: Readonly<Record<string, string>> = {
  NotifySubscriberRequest: "NotifySubscriberResponse",
  ClientDetectionRequest: "ClientDetectionResponse",
  ConnectResetRequest: "ConnectResetResponse",
  NamingFuzzyWatchSyncRequest: "NamingFuzzyWatchChangeNotifyResponse",
  NamingFuzzyWatchChangeNotifyRequest: "NamingFuzzyWatchChangeNotifyResponse",
};

export class Connection {
  readonly #server: NacosServer;
  readonly #settings: ConnectionSettings;
  readonly #credentials: Credentials;
  readonly #events: ConnectionEvents;
  readonly #end = new AbortController();
  readonly #setUpAcknowledged = Promise.withResolvers<Fields>();
  #channel: Channel | undefined;
  #established = false;
  #heardAt = 0;
  #checkTimer: NodeJS.Timeout | undefined;

  /** @param namespace its id; `public` for the public one */
  constructor(server: NacosServer, namespace: string, settings: ConnectionSettings, credentials: Credentials, events: ConnectionEvents) {
    this.#server = server;
    this.#settings = settings;
    this.#credentials = credentials;
    this.#events = events;
    // Nothing is told before the constructor returns.
    setImmediate(() => void this.#setUp(namespace));
  }

  get #closed(): boolean {
    return this.#end.signal.aborted;
  }

  /** @throws SourceLost, RequestRefused */
  async request(type: string, fields: Fields, subject: Subject): Promise<Fields> {
    for (let attempt = 1; ; attempt++) {
      const headers = await this.#headers(subject);
      const answer = await this.#exchange({ type, fields: { ...fields, headers: {} }, headers }, this.#settings.requestTimeout);
      const error = errorIn(answer, type);
      if (!error) return answer.fields;
      if (error.code === errorCode.noRight && attempt === 1 && this.#credentials.refused(headers)) continue;
      if (error.code === errorCode.unregistered) this.lose("the server does not know this connection any more");
      throw error;
    }
  }

  /** Gives the connection up. */
  lose(reason: string, ending: Ending = this.#established ? "broken" : "unreachable", next?: HostPort): void {
    if (this.#closed) return;
    this.close();
    this.#events.lost({ ending, reason, ...(next && { next }) });
  }

  /** `lost` is not called. */
  close(): void {
    if (this.#closed) return;
    this.#end.abort();
    clearTimeout(this.#checkTimer);
    this.#channel?.close();
  }

  async #setUp(namespace: string): Promise<void> {
    const { connectTimeout, grpcPortOffset, tls } = this.#settings;
    const deadline = setTimeout(() => this.lose(`no connection was set up within ${connectTimeout} ms`, "mute"), connectTimeout);
    try {
      this.#channel = new Channel({ host: this.#server.host, port: this.#server.port + grpcPortOffset }, tls);
      const check = await this.#exchange({ type: "ServerCheckRequest", fields: {} }, connectTimeout);
      const error = errorIn(check, "ServerCheckRequest");
      if (error) throw error;
      this.#channel.open({
        message: (message) => this.#hear(message),
        ended: (reason) => this.lose(reason),
      });
      this.#channel.send({
        type: "ConnectionSetupRequest",
        fields: {
          clientVersion: "Tributary:v1",
          tenant: namespace,
          labels: { source: "sdk", module: "naming", AppName: "tributary" },
          abilityTable: { fuzzyWatch: true },
          headers: {},
        },
      });
      const abilities = await (check.fields.supportAbilityNegotiation === true ? this.#setUpAcknowledged.promise : this.#untilKnown());
      if (this.#closed) return;
      this.#established = true;
      this.#scheduleCheck();
      this.#events.established(abilities.fuzzyWatch === true);
    } catch (error) {
      this.lose(describe(error));
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Servers before 2.3 do not tell when the set-up is done. */
  async #untilKnown(): Promise<Fields> {
    while (!this.#closed) {
      const answer = await this.#exchange({ type: "HealthCheckRequest", fields: {} }, this.#settings.connectTimeout);
      if (!errorIn(answer, "HealthCheckRequest")) break;
      await sleep(setUpPollMs, undefined, { signal: this.#end.signal });
    }
    return {};
  }

  async #headers(subject: Subject): Promise<Record<string, string>> {
    try {
      return await this.#credentials.headers(this.#server, subject);
    } catch (error) {
      if (!(error instanceof RequestRefused)) this.lose(describe(error));
      throw error;
    }
  }

  /** Whatever keeps the answer away ends the connection. */
  async #exchange(message: Message, timeout: number): Promise<Message> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#ask(message, timeout);
      } catch (error) {
        const isLate = error instanceof ChannelFailure && error.late;
        // A server that is busy with others is asked once more: whatever is read can be read twice.
        const isBusy = this.#established && performance.now() - this.#heardAt < timeout;
        if (isLate && isBusy && tries < requestTries) continue;
        if (isLate) this.lose(`no answer to ${message.type} within ${timeout} ms`, this.#established ? "broken" : "mute");
        else this.lose(describe(error));
        throw new SourceLost(describe(error));
      }
    }
  }

  async #ask(message: Message, timeout: number): Promise<Message> {
    if (this.#closed || !this.#channel) throw new SourceLost("the connection is over");
    const answer = await this.#channel.request(message, timeout);
    if (this.#closed) throw new SourceLost("the connection is over");
    this.#hearSomething();
    return answer;
  }

  #hear(message: Message | undefined): void {
    if (this.#closed) return;
    this.#hearSomething();
    // Nothing that a known version says; there is nobody to tell.
    if (!message) return;
    const { type, fields } = message;
    const acknowledgement = acknowledgements[type];
    if (acknowledgement !== undefined) {
      this.#channel?.send({ type: acknowledgement, fields: { resultCode: 200, errorCode: 0, requestId: fields.requestId } });
    }
    if (type === "SetupAckRequest") this.#setUpAcknowledged.resolve(objectIn(fields.abilityTable));
    else if (type === "ConnectResetRequest") this.lose("the server asks us to connect anew", undefined, placeIn(fields));
    else if (acknowledgement !== undefined) this.#events.told(message);
  }

  #hearSomething(): void {
    this.#heardAt = performance.now();
    if (this.#established) this.#events.contact();
  }

  /** A connection that was silent for a while is asked whether it still stands. */
  #scheduleCheck(): void {
    const silent = performance.now() - this.#heardAt;
    this.#checkTimer = setTimeout(() => void this.#check(), Math.max(0, this.#settings.healthCheckInterval - silent));
  }

  async #check(): Promise<void> {
    const timeout = Math.min(checkTimeoutMs, this.#settings.requestTimeout);
    for (let failed = 0; performance.now() - this.#heardAt >= this.#settings.healthCheckInterval; ) {
      try {
        const answer = await this.#ask({ type: "HealthCheckRequest", fields: {} }, timeout);
        const error = errorIn(answer, "HealthCheckRequest");
        if (error) this.lose(error.message);
        break;
      } catch (error) {
        failed++;
        const silent = Math.round(performance.now() - this.#heardAt);
        if (!(error instanceof ChannelFailure && error.late)) this.lose(describe(error));
        else if (failed === checkTries) this.lose(`nothing heard for ${silent} ms`);
        if (this.#closed) return;
      }
    }
    if (!this.#closed) this.#scheduleCheck();
  }
}

function objectIn(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

/** Where a server that sheds load wants its client to go. */
function placeIn({ serverIp, serverPort }: Fields): HostPort | undefined {
  const port = Number(serverPort);
  return typeof serverIp === "string" && serverIp !== "" && Number.isInteger(port) ? { host: serverIp, port } : undefined;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
