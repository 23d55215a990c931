/**
 * Tells that a service changed, by the pushes of servers with the v1 API: UDP packets, which the `nacos` package receives
 * and acknowledges. What they hold is not believed, only that something happened. The rest of the package is left alone:
 * its subscriptions ask for one cluster only, never tell that a service is empty, and poll for ever.
 *
 * Where packets do not arrive (another network, address translation) nobody says so; services are polled as well.
 */
import { createSocket } from "node:dgram";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Logger } from "../../../log/logger.ts";
import { hostPortText } from "../../host-port.ts";
import type { ServiceName } from "../naming-source.ts";
import { parseServiceText } from "../service-text.ts";
import type { NacosServer } from "../settings.ts";

/** What a server has to know in order to push; sent along when a service is read. */
export interface PushAddress {
  readonly clientIP: string;
  readonly udpPort: string;
}

/** The parts of the package that are used; they have no types. */
interface PushReceiver {
  readonly udpPort: number;
  ready(): Promise<void>;
  on(event: "error", listener: (error: Error) => void): void;
  _handlePushMessage(message: Buffer, from: unknown): void;
}
interface HostReactor {
  readonly _pushReceiver: PushReceiver;
  on(event: "error", listener: (error: Error) => void): void;
  /** Called with what a push holds. */
  processServiceJSON(json: string): void;
}
interface BeatReactor {
  _clientBeatInterval: number;
  close(): Promise<void>;
}
interface NamingClient {
  readonly _hostReactor: HostReactor;
  readonly _beatReactor: BeatReactor;
  on(event: "error", listener: (error: Error) => void): void;
  close(): Promise<void>;
}

/** CommonJS: a bundle has its names below `default` only. */
interface NacosPackage {
  readonly NacosNamingClient: new (options: object) => NamingClient;
}

/** Bytes of an unpacked push; anybody can send packets. */
const maxPush = 4 * 1024 * 1024;
const gzipMagic = 0x1f8b;

export interface PushTriggerContext {
  readonly server: NacosServer;
  readonly namespace: string;
  readonly told: (service: ServiceName) => void;
  readonly log: Pick<Logger, "debug" | "warn">;
}

export class PushTrigger {
  readonly #context: PushTriggerContext;
  #client: NamingClient | undefined;
  #closed = false;
  /** Undefined where pushes cannot be received. */
  address: PushAddress | undefined;

  constructor(context: PushTriggerContext) {
    this.#context = context;
  }

  /** Never rejects: without pushes, polling has to do. */
  async start(): Promise<void> {
    const { server, namespace, log } = this.#context;
    try {
      const { NacosNamingClient } = ((await import("nacos")) as unknown as { default: NacosPackage }).default;
      const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
      if (this.#closed) return;
      const client = new NacosNamingClient({ logger: silent, serverList: hostPortText(server), namespace });
      this.#client = client;
      // Whoever does not listen finds errors on the console.
      const failed = (error: Error) => log.debug({ err: error }, "a push could not be read");
      const reactor = client._hostReactor;
      for (const part of [client, reactor, reactor._pushReceiver]) part.on("error", failed);
      reactor.processServiceJSON = (json) => this.#onPush(json);
      this.#bound(reactor._pushReceiver, failed);
      // We register nothing, so there is nothing to renew. It would sleep on after the end.
      client._beatReactor._clientBeatInterval = 0;
      await client._beatReactor.close();
      await reactor._pushReceiver.ready();
      const clientIP = await localAddress(server);
      if (!this.#closed) this.address = { clientIP, udpPort: String(reactor._pushReceiver.udpPort) };
    } catch (error) {
      log.warn({ err: error }, "pushes cannot be received; services are polled only");
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.address = undefined;
    await this.#client?.close();
  }

  /** The package unpacks whatever size comes out. */
  #bound(receiver: PushReceiver, failed: (error: Error) => void): void {
    const handle = receiver._handlePushMessage.bind(receiver);
    receiver._handlePushMessage = (message, from) => {
      if (message.length < 2 || message.readUInt16BE() !== gzipMagic) handle(message, from);
      else {
        promisify(gunzip)(message, { maxOutputLength: maxPush }).then((unpacked) => {
          if (!this.#closed) handle(unpacked, from);
        }, failed);
      }
    };
  }

  #onPush(json: string): void {
    const { name, dom } = JSON.parse(json) as { name?: unknown; dom?: unknown };
    const text = name ?? dom;
    if (!this.#closed && typeof text === "string" && text.includes("@@")) this.#context.told(parseServiceText(text));
  }
}

/** The address from which this machine reaches the server. Nothing is sent. */
function localAddress({ host, port }: NacosServer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    socket.once("error", reject);
    socket.connect(port, host, () => {
      resolve(socket.address().address);
      socket.close();
    });
  });
}
