/**
 * A Nacos server for tests, in this process: what was observed of real ones over gRPC, with switches for what can go
 * wrong. Its HTTP port only knows what a reader over gRPC needs.
 */
import { once } from "node:events";
import type { Server as HttpServer, IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { type handleBidiStreamingCall, type handleUnaryCall, Server, ServerCredentials } from "@grpc/grpc-js";
import { decodeMessage, encodeMessage, type Message } from "../../../src/registries/nacos/grpc/message.ts";
import { FakeConnection } from "./connection.ts";
import { type FuzzyLimits, fuzzyWatch, tellName } from "./fuzzy-watch.ts";
import { httpApi } from "./http-api.ts";
import { type FakeService, FakeServices, type ServiceChange } from "./services.ts";

type Fields = Message["fields"];

export interface FakeAuth {
  readonly user: string;
  readonly password: string;
  /** s; kept to. */
  readonly tokenTtl: number;
}

export class FakeNacos {
  readonly services = new FakeServices();
  /** By the client's end of the connection. */
  readonly connections = new Map<string, FakeConnection>();
  /** Types of the requests that were answered, in order. */
  readonly requests: Message[] = [];
  readonly httpRequests: string[] = [];
  /** `mute`: everything is accepted and nothing answered; `starting`: requests are refused for now. */
  behaviour: "normal" | "mute" | "starting" = "normal";
  /** `2.0`: no abilities are negotiated; `3.0`: names are told by patterns, and the HTTP API is another. */
  version: "2.0" | "2.5" | "3.0" = "2.5";
  auth: FakeAuth | undefined;
  /** Of an identity that is let in without a token. */
  identity: readonly [header: string, value: string] | undefined;
  /** Whether whoever asks may administer. */
  administrates = true;
  /** Beside the public one; undefined: they cannot be listed. */
  namespaces: { id: string; name: string }[] | undefined;
  limits: FuzzyLimits = { patterns: 20, services: 500 };
  /** ms from a change to its push; 500 at a real server. */
  pushDelay = 5;
  /** Whether a service is pushed once more after it was subscribed, as real servers do. */
  repeats = true;
  /** Pushes are lost on the way. */
  losesPushes = false;
  /** An answer in place of the usual one, or undefined. */
  answer: ((type: string, fields: Fields) => Fields | undefined) | undefined;
  /** Requests of this type are never answered. */
  swallows: ((type: string) => boolean) | undefined;
  #grpc: Server | undefined;
  #http: HttpServer | undefined;
  readonly #credentials: ServerCredentials;
  #grpcPort = 0;
  #httpPort = 0;
  readonly #tokens = new Map<string, number>();
  #lastToken = 0;
  readonly #pushes = new Set<NodeJS.Timeout>();

  private constructor(credentials: ServerCredentials) {
    this.#credentials = credentials;
    this.services.onChange = (service, change) => this.#onChange(service, change);
  }

  static async start(credentials = ServerCredentials.createInsecure()): Promise<FakeNacos> {
    const fake = new FakeNacos(credentials);
    await fake.listen();
    return fake;
  }

  /** Of the HTTP API. */
  get port(): number {
    return this.#httpPort;
  }

  /** For the settings: from the HTTP port to the gRPC port. */
  get grpcPortOffset(): number {
    return this.#grpcPort - this.#httpPort;
  }

  get grpcPort(): number {
    return this.#grpcPort;
  }

  /** At the same ports as before, if there were any. */
  async listen(): Promise<void> {
    this.#http = httpApi(this);
    this.#http.listen(this.#httpPort, "127.0.0.1");
    await once(this.#http, "listening");
    this.#httpPort = (this.#http.address() as AddressInfo).port;
    const grpc = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
    const methods = {
      requestSerialize: encodeMessage,
      requestDeserialize: decodeMessage,
      responseSerialize: encodeMessage,
      responseDeserialize: decodeMessage,
    };
    const request: handleUnaryCall<Message, Message> = (call, callback) => {
      if (this.behaviour === "mute") return;
      this.requests.push(call.request);
      if (this.swallows?.(call.request.type)) return;
      const { type, fields } = this.#handle(call.getPeer(), call.request);
      callback(null, { type, fields: { requestId: call.request.fields.requestId, ...fields } });
    };
    const stream: handleBidiStreamingCall<Message, Message> = (call) => {
      const peer = call.getPeer();
      call.on("data", (message: Message) => this.#hear(peer, message, call));
      call.on("end", () => call.end());
      call.on("close", () => this.connections.delete(peer));
      call.on("error", () => this.connections.delete(peer));
    };
    grpc.addService({ request: { path: "/Request/request", requestStream: false, responseStream: false, ...methods } }, { request });
    grpc.addService(
      { requestBiStream: { path: "/BiRequestStream/requestBiStream", requestStream: true, responseStream: true, ...methods } },
      { requestBiStream: stream },
    );
    this.#grpcPort = await new Promise<number>((resolve, reject) => {
      grpc.bindAsync(`127.0.0.1:${this.#grpcPort}`, this.#credentials, (error, port) => (error ? reject(error) : resolve(port)));
    });
    this.#grpc = grpc;
  }

  /** Connections break and new ones are refused; what is held stays. */
  async shutDown(): Promise<void> {
    for (const push of this.#pushes) clearTimeout(push);
    this.#pushes.clear();
    this.#grpc?.forceShutdown();
    this.#grpc = undefined;
    this.connections.clear();
    const http = this.#http;
    this.#http = undefined;
    http?.closeAllConnections();
    if (http) await new Promise((resolve) => http.close(resolve));
  }

  /** The server breaks every connection. */
  disconnectAll(): void {
    for (const connection of this.connections.values()) connection.end();
  }

  issueToken(): string {
    const token = `token-${++this.#lastToken}`;
    this.#tokens.set(token, performance.now() + (this.auth?.tokenTtl ?? 0) * 1_000);
    return token;
  }

  /** Every token that was issued is worth nothing any more. */
  forgetTokens(): void {
    this.#tokens.clear();
  }

  /** Whether whoever sends these headers may ask. */
  isKnown(headers: IncomingHttpHeaders | Readonly<Record<string, string>>): boolean {
    if (this.identity && headers[this.identity[0]] === this.identity[1]) return true;
    if (!this.auth) return true;
    const token = headers.accessToken ?? headers.accesstoken;
    return (this.#tokens.get(String(token)) ?? 0) > performance.now();
  }

  /** Pushes a service to whoever subscribed it, as it is now. */
  push(connection: FakeConnection, namespace: string, group: string, name: string): void {
    if (!this.losesPushes && this.behaviour === "normal") {
      connection.ask("NotifySubscriberRequest", { serviceInfo: this.services.info(namespace, group, name) });
    }
  }

  #handle(peer: string, { type, fields, headers = {} }: Message): Message {
    const response = `${type.slice(0, -"Request".length)}Response`;
    const fail = (errorCode: number, message: string): Message => ({
      type: "ErrorResponse",
      fields: { resultCode: 500, errorCode, message },
    });
    if (this.behaviour === "starting") return fail(300, "Server is starting,please try later.");
    if (type === "ServerCheckRequest") {
      const supportAbilityNegotiation = this.version !== "2.0";
      return { type: response, fields: { resultCode: 200, errorCode: 0, connectionId: peer, supportAbilityNegotiation, success: true } };
    }
    const connection = this.connections.get(peer);
    if (!connection) return fail(301, "Connection is unregistered.");
    if (type === "HealthCheckRequest") return { type: response, fields: { resultCode: 200, errorCode: 0 } };
    const replaced = this.answer?.(type, fields);
    if (replaced) return { type: response, fields: replaced };
    if (!this.isKnown(headers)) return { type: response, fields: { resultCode: 500, errorCode: 403, message: "token invalid!" } };
    const answered = this.#naming(connection, type, fields);
    return answered ? { type: response, fields: answered } : fail(302, `No handler for ${type}`);
  }

  #naming(connection: FakeConnection, type: string, fields: Fields): Fields | undefined {
    const [namespace, group, name] = [String(fields.namespace), String(fields.groupName), String(fields.serviceName)];
    const done = { resultCode: 200, errorCode: 0 };
    if (connection.labels.module !== "naming" && type !== "ConfigQueryRequest") return { resultCode: -401, errorCode: 0 };
    switch (type) {
      case "SubscribeServiceRequest": {
        const key = `${namespace}@@${group}@@${name}`;
        if (fields.subscribe !== true) connection.subscriptions.delete(key);
        else {
          connection.subscriptions.add(key);
          if (this.repeats) this.#later(() => this.push(connection, namespace, group, name));
        }
        return { ...done, serviceInfo: this.services.info(namespace, group, name) };
      }
      case "ServiceQueryRequest":
        return { ...done, serviceInfo: this.services.info(namespace, group, name) };
      case "ServiceListRequest": {
        const names = [...this.services.all(namespace)].filter((service) => service.group === group).map((service) => service.name);
        const from = (Number(fields.pageNo) - 1) * Number(fields.pageSize);
        return { ...done, count: names.length, serviceNames: names.slice(from, from + Number(fields.pageSize)) };
      }
      case "ConfigQueryRequest": {
        const content = this.services.configs.get(`${fields.tenant}/${fields.group}/${fields.dataId}`);
        return content === undefined ? { resultCode: 500, errorCode: 300, message: "config data not exist" } : { ...done, content };
      }
      case "NamingFuzzyWatchRequest":
        return this.version === "3.0" ? fuzzyWatch(connection, fields, this.services, this.limits) : undefined;
      default:
        return undefined;
    }
  }

  #hear(peer: string, { type, fields }: Message, call: Parameters<handleBidiStreamingCall<Message, Message>>[0]): void {
    if (this.behaviour === "mute") return;
    if (type !== "ConnectionSetupRequest") {
      this.connections.get(peer)?.acknowledged.push({ type, requestId: String(fields.requestId) });
      return;
    }
    if (this.behaviour === "starting") {
      call.end();
      return;
    }
    const connection = new FakeConnection(peer, call, fields);
    this.connections.set(peer, connection);
    if (this.version === "2.0" || fields.abilityTable === undefined) return;
    const abilities = this.version === "3.0" ? { fuzzyWatch: true, lock: true, mcp: true } : {};
    connection.ask("SetupAckRequest", { abilityTable: { supportPersistentInstanceByGrpc: true, ...abilities } }, "internal");
  }

  #onChange({ namespace, group, name }: FakeService, change: ServiceChange): void {
    this.#later(() => {
      for (const connection of this.connections.values()) {
        if (connection.subscriptions.has(`${namespace}@@${group}@@${name}`)) this.push(connection, namespace, group, name);
      }
    });
    if (change === "changed") return;
    const service = { namespace, group, name, hosts: [] };
    for (const connection of this.connections.values())
      tellName(connection, service, change === "appeared" ? "ADD_SERVICE" : "DELETE_SERVICE");
  }

  #later(act: () => void): void {
    const push = setTimeout(() => {
      this.#pushes.delete(push);
      act();
    }, this.pushDelay);
    this.#pushes.add(push);
  }
}
