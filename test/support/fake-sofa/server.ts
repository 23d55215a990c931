/**
 * A SOFARegistry for tests, in one process with them: a session server that speaks Bolt, the HTTP pages of session and
 * data servers on one port, and faults on demand. What is published can be written directly (`publications`), or by any
 * client.
 */
import { EventEmitter, once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer, type ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { parseDataInfoId } from "../../../src/registries/sofa/data-info-id.ts";
import { Connection } from "./connection.ts";
import type { Pushed, Registered } from "./dialect.ts";
import { Publications } from "./publications.ts";

/** `mute`: takes connections and bytes, answers nothing. */
export type Behaviour = "normal" | "mute";

/** How a registration fails: the server says that it did, says so for good, or says nothing. */
export type Refusal = "failure" | "refused" | "silence";

type Content = Pick<Pushed, "version" | "zones">;

export class FakeSofaRegistry {
  readonly publications = new Publications((id) => {
    for (const connection of this.connections) connection.push(id);
  });
  readonly connections = new Set<Connection>();
  /** After a registration was answered, and after a push was. */
  readonly events = new EventEmitter<{ registered: [Registered]; acknowledged: [] }>();
  /** Forms of messages that it understands: one of version 5 knows Hessian alone. */
  readonly speaks = new Set<"protobuf" | "hessian">(["protobuf", "hessian"]);
  behaviour: Behaviour = "normal";
  /** Called for every registration. */
  refuses: ((registered: Registered) => Refusal | undefined) | undefined;
  /** Ids that are pushed to nobody. */
  readonly unpushed = new Set<string>();
  /** Nothing is pushed, and the switch says so. */
  pushStopped = false;
  dataCenter = "DefaultDataCenter";
  /** What others tell of every id, for who accepts several. */
  readonly otherDataCenters = new Map<string, Content>();
  /** Bodies are compressed so for who accepts it: `gzip`, `zstd`; empty: they are not. */
  encoding = "";
  /** Pages that answer otherwise, by path: a status, or a text. */
  readonly pages = new Map<string, number | string>();
  /** Session servers that the lists name beside itself. */
  readonly otherSessions: string[] = [];
  /** Versions before 6.2 tell no weights. */
  weights = true;
  pushed = 0;
  acknowledged = 0;
  #bolt: Server | undefined;
  #http: HttpServer | undefined;
  #boltPort = 0;
  #httpPort = 0;

  static async start(): Promise<FakeSofaRegistry> {
    const fake = new FakeSofaRegistry();
    await fake.listen();
    return fake;
  }

  /** Of its HTTP pages, `host:port`. */
  get endpoint(): string {
    return `127.0.0.1:${this.#httpPort}`;
  }

  /** Of its Bolt port, `host:port`. */
  get session(): string {
    return `127.0.0.1:${this.#boltPort}`;
  }

  /** Whether it takes connections. What a client published goes with its connection, but not with the server. */
  get listening(): boolean {
    return this.#bolt !== undefined;
  }

  /** Listens, after `shutDown` again on the same ports and with the same publications. */
  async listen(): Promise<void> {
    const bolt = createServer({ noDelay: true }, (socket) => this.#accept(socket)).listen(this.#boltPort, "127.0.0.1");
    const http = createHttpServer((request, response) => this.#answer(new URL(request.url ?? "/", "http://fake"), response));
    http.listen(this.#httpPort, "127.0.0.1");
    await Promise.all([once(bolt, "listening"), once(http, "listening")]);
    this.#boltPort = (bolt.address() as AddressInfo).port;
    this.#httpPort = (http.address() as AddressInfo).port;
    this.#bolt = bolt;
    this.#http = http;
  }

  /** Breaks every connection and refuses new ones. */
  async shutDown(): Promise<void> {
    const [bolt, http] = [this.#bolt, this.#http];
    this.#bolt = undefined;
    this.#http = undefined;
    this.disconnectAll();
    http?.closeAllConnections();
    await Promise.all([bolt, http].map((server) => server?.listening && new Promise((resolve) => server.close(resolve))));
  }

  disconnectAll(): void {
    for (const connection of this.connections) connection.destroy();
  }

  /** Whether anything is said of an id. */
  pushes(id: string): boolean {
    return !this.pushStopped && !this.unpushed.has(id) && this.behaviour === "normal";
  }

  /** Pushes everything to everybody, as after the switch was opened. */
  openPush(): void {
    this.pushStopped = false;
    for (const connection of this.connections) for (const id of connection.subscribed) connection.push(id);
  }

  content(id: string): Content {
    const { version, publishers } = this.publications.get(id);
    const zones: Record<string, string[]> = {};
    for (const { zone, data } of publishers.values()) zones[zone] = [...(zones[zone] ?? []), ...data];
    return { version, zones };
  }

  #accept(socket: Socket): void {
    const connection = new Connection(this, socket);
    this.connections.add(connection);
    socket.on("close", () => this.connections.delete(connection));
  }

  #answer({ pathname, searchParams }: URL, response: ServerResponse): void {
    if (this.behaviour === "mute") return;
    const set = this.pages.get(pathname);
    const text = typeof set === "number" ? undefined : (set ?? this.#page(pathname, searchParams));
    response.writeHead(typeof set === "number" ? set : text === undefined ? 404 : 200).end(text);
  }

  #page(path: string, query: URLSearchParams): string | undefined {
    const sessions = [this.session, ...this.otherSessions];
    switch (path) {
      case "/api/servers/queryWithWeight":
        return this.weights ? sessions.map((session) => `${session}?weight=${this.connections.size}`).join(";") : undefined;
      case "/api/servers/query":
        return sessions.join(";");
      case "/digest/session/serverList/query":
      case "/digest/data/serverList/query":
        return '["127.0.0.1"]';
      case "/digest/pushSwitch":
        return JSON.stringify({ pushSwitch: this.pushStopped ? "closed" : "open" });
      case "/digest/getDataInfoIdList":
        return JSON.stringify([...new Set([...this.#published(), ...[...this.connections].flatMap(({ ids }) => ids)])]);
      case "/digest/datum/getDataInfoIdList":
        return JSON.stringify(this.publications.ids.map((id) => `${this.dataCenter},${id},${this.publications.get(id).publishers.size}`));
      case "/digest/datum/query":
        return this.#datum(query);
      default:
        return undefined;
    }
  }

  #published(): string[] {
    return this.publications.ids.filter((id) => this.publications.get(id).publishers.size > 0);
  }

  /** As a data server prints it, with the texts in Java's serialization. */
  #datum(query: URLSearchParams): string {
    const [dataId, instanceId, group, dataCenter] = ["dataId", "instanceId", "group", "dataCenter"].map((key) => query.get(key) ?? "");
    const id = `${dataId}#@#${instanceId}#@#${group}`;
    const { version, publishers } = this.publications.get(id);
    if (dataCenter !== this.dataCenter || !this.publications.ids.includes(id)) return JSON.stringify({ [dataCenter!]: null });
    const pubMap = Object.fromEntries(
      [...publishers].map(([registId, { zone, data }]) => [
        registId,
        { cell: zone, version: 1, dataList: data.map((text) => ({ bytes: serialized(text), serialization: 1, object: null })) },
      ]),
    );
    const datum = JSON.stringify({ ...parseDataInfoId(id), dataCenter, pubMap, version: "VERSION" }).replace(
      '"VERSION"',
      version.toString(),
    );
    return `{${JSON.stringify(dataCenter)}:${datum}}`;
  }
}

function serialized(text: string): string {
  const bytes = Buffer.from(text);
  const head = Buffer.from([0xac, 0xed, 0x00, 0x05, 0x74, bytes.length >> 8, bytes.length & 255]);
  return Buffer.concat([head, bytes]).toString("base64");
}
