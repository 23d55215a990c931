/** Reads one namespace over gRPC. A push carries no namespace, so each has a connection of its own. */
import type { Emitter } from "../../contract.ts";
import type { Ending } from "../../server-rotation.ts";
import { allServices } from "../access/all-services.ts";
import type { Credentials } from "../access/credentials.ts";
import { type NacosService, readNacosService } from "../nacos-service.ts";
import type { Doubt, NamingEvents, NamingSource, ServiceName } from "../naming-source.ts";
import { serviceText } from "../service-text.ts";
import type { NacosServer, NacosSettings } from "../settings.ts";
import { configNotFound, ErrorAnswer } from "./answer.ts";
import { Connection } from "./connection.ts";
import { FuzzyWatch } from "./fuzzy-watch.ts";
import type { Fields, Message } from "./message.ts";
import { NewestAnswers } from "./newest-answers.ts";

export interface GrpcSourceContext {
  readonly server: NacosServer;
  /** Its id; `public` for the public one. */
  readonly namespace: string;
  /** The only group that is of interest, if there is just one. */
  readonly onlyGroup: string | undefined;
  readonly settings: NacosSettings;
  readonly credentials: Credentials;
  readonly events: NamingEvents;
  readonly report: Emitter["problem"];
}

/** Servers set no bound; a page of so many names has less than a MiB. */
const pageSize = 5_000;
/** Pages are cut from a set without order, so one that changes meanwhile is read again. */
const listAttempts = 3;

export class GrpcSource implements NamingSource {
  readonly server: NacosServer;
  readonly #context: GrpcSourceContext;
  readonly #connection: Connection;
  readonly #answers = new NewestAnswers();
  #fuzzyWatch: FuzzyWatch | undefined;

  constructor(context: GrpcSourceContext) {
    const { server, namespace, settings, credentials, events } = context;
    this.server = server;
    this.#context = context;
    this.#connection = new Connection(server, namespace, settings, credentials, {
      established: (fuzzyWatch) => {
        events.established();
        if (fuzzyWatch) this.#watchNames();
      },
      told: (message) => this.#onTold(message),
      contact: events.contact,
      lost: (doubt) => this.#onLost(doubt),
    });
  }

  async list(group?: string): Promise<readonly ServiceName[]> {
    if (group === undefined) return this.#listAll();
    const names = new Set<string>();
    for (let attempt = 1; ; attempt++) {
      const total = await this.#listPages(group, names);
      if (names.size === total || attempt === listAttempts) return Array.from(names, (name) => ({ group, name }));
    }
  }

  query(service: ServiceName, healthyOnly = false): Promise<NacosService> {
    return this.#read("ServiceQueryRequest", service, { cluster: "", healthyOnly, udpPort: 0 });
  }

  subscribe(service: ServiceName): Promise<NacosService> {
    return this.#read("SubscribeServiceRequest", service, { subscribe: true, clusters: "" });
  }

  async unsubscribe(service: ServiceName): Promise<void> {
    await this.#request("SubscribeServiceRequest", service, { subscribe: false, clusters: "" });
  }

  async readConfig(dataId: string, group: string): Promise<string | undefined> {
    // The public namespace has an empty id there.
    const tenant = this.#context.namespace === "public" ? "" : this.#context.namespace;
    try {
      const { content } = await this.#connection.request(
        "ConfigQueryRequest",
        { dataId, group, tenant },
        { kind: "config", tenant, group },
      );
      return typeof content === "string" ? content : undefined;
    } catch (error) {
      if (error instanceof ErrorAnswer && error.code === configNotFound) return undefined;
      throw error;
    }
  }

  doubt(reason: string, ending?: Ending): void {
    this.#connection.lose(reason, ending);
  }

  async close(): Promise<void> {
    this.#fuzzyWatch?.stop();
    this.#connection.close();
  }

  /** Adds the names of all pages. @returns how many there are, says the last page */
  async #listPages(group: string, names: Set<string>): Promise<number> {
    const pages: Fields = { pageSize, selector: null };
    for (let pageNo = 1; ; pageNo++) {
      const { count, serviceNames } = await this.#request("ServiceListRequest", { group, name: "" }, { ...pages, pageNo });
      const page = Array.isArray(serviceNames) ? serviceNames.filter((name) => typeof name === "string" && name !== "") : [];
      for (const name of page) names.add(name.startsWith(`${group}@@`) ? name.slice(group.length + 2) : name);
      if (page.length < pageSize) return typeof count === "number" ? count : names.size;
    }
  }

  /** gRPC lists one group at a time. Names that are watched are a list of all, where the server grants no other. */
  async #listAll(): Promise<readonly ServiceName[]> {
    const { server, namespace, settings, credentials } = this.#context;
    try {
      return await allServices(server, namespace, settings, credentials);
    } catch (error) {
      const watched = this.#fuzzyWatch?.complete;
      if (watched) return watched;
      throw error;
    }
  }

  async #read(type: string, service: ServiceName, fields: Fields): Promise<NacosService> {
    const name = serviceText(service);
    const answered = this.#answers.await(name);
    try {
      const { serviceInfo } = await this.#request(type, service, fields);
      const read = readNacosService(this.#context.namespace, serviceInfo);
      return answered.newest(read, timeOf(serviceInfo));
    } finally {
      answered.done();
    }
  }

  #request(type: string, { group, name }: ServiceName, fields: Fields): Promise<Fields> {
    const { namespace } = this.#context;
    return this.#connection.request(type, { namespace, groupName: group, serviceName: name, ...fields }, { kind: "service", group, name });
  }

  #watchNames(): void {
    const { namespace, onlyGroup, report, events } = this.#context;
    this.#fuzzyWatch = new FuzzyWatch({
      pattern: `${namespace}>>${onlyGroup ?? "*"}>>*`,
      request: (fields) =>
        this.#connection.request(
          "NamingFuzzyWatchRequest",
          { namespace, ...fields },
          { kind: "service", group: onlyGroup ?? "*", name: "*" },
        ),
      appeared: events.appeared,
      limited: (message) => report({ code: "names-not-watched", where: namespace, message }),
    });
  }

  #onTold(message: Message): void {
    if (message.type === "NotifySubscriberRequest") this.#onPush(message.fields.serviceInfo);
    else this.#fuzzyWatch?.told(message);
  }

  #onPush(serviceInfo: unknown): void {
    const { namespace, events } = this.#context;
    let service: NacosService;
    try {
      service = readNacosService(namespace, serviceInfo);
    } catch (error) {
      events.unreadable(namespace, (error as Error).message);
      return;
    }
    this.#answers.pushed(serviceText(service), service, timeOf(serviceInfo));
    events.changed(service);
  }

  #onLost(doubt: Doubt): void {
    this.#fuzzyWatch?.stop();
    this.#context.events.lost(doubt);
  }
}

/** When the server made it, by its own clock. */
function timeOf(serviceInfo: unknown): number {
  const { lastRefTime } = (serviceInfo ?? {}) as { lastRefTime?: unknown };
  return typeof lastRefTime === "number" ? lastRefTime : 0;
}
