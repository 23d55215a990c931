/**
 * Publishes in a SOFARegistry, over the protocol of its clients, as the providers of many services would: what is
 * published lives as long as the connection, and is published again after it broke.
 */
import { randomUUID } from "node:crypto";
import { lookup } from "node:dns";
import { EventEmitter, once } from "node:events";
import { create, toBinary } from "@bufbuild/protobuf";
import { PublisherRegisterSchema } from "../../src/gen/sofa/registry/session_pb.ts";
import type { HostPort } from "../../src/registries/host-port.ts";
import { Connection } from "../../src/registries/sofa/bolt/connection.ts";
import { codecs } from "../../src/registries/sofa/bolt/frame.ts";
import { type DataInfoId, dataInfoIdText } from "../../src/registries/sofa/data-info-id.ts";
import { protobufClass, protobufCodec } from "../../src/registries/sofa/messages/protobuf-codec.ts";

interface Publication {
  readonly id: DataInfoId;
  readonly registId: string;
  version: number;
  data: readonly string[];
}

const settings = { connectTimeout: 3_000, requestTimeout: 10_000, heartbeatInterval: 10_000 };
/** Before others are back: a server that has lost everything is to have it again. */
const reconnectMs = 50;

export class SofaPublisher {
  readonly #address: HostPort;
  readonly #zone: string;
  readonly #publications = new Map<string, Publication>();
  readonly #events = new EventEmitter<{ open: [] }>();
  #connection: Connection | undefined;
  #open = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param zone the publishers'; empty: the server's default */
  constructor(address: HostPort, zone = "") {
    this.#address = address;
    this.#zone = zone;
    // Everything that is to be published may wait for the server.
    this.#events.setMaxListeners(0);
    this.#connect();
  }

  /** Resolves when the server has it, however often it has to be told. */
  async publish(id: DataInfoId, data: readonly string[]): Promise<void> {
    const text = dataInfoIdText(id);
    const publication = this.#publications.get(text) ?? { id, registId: randomUUID(), version: 0, data };
    publication.data = data;
    publication.version++;
    this.#publications.set(text, publication);
    await this.#tell(publication, "REGISTER");
  }

  /** Resolves when the server has everything, also if it lost it. */
  async publishAgain(): Promise<void> {
    await Promise.all(Array.from(this.#publications.values(), ({ id, data }) => this.publish(id, data)));
  }

  async unpublish(id: DataInfoId): Promise<void> {
    const publication = this.#publications.get(dataInfoIdText(id));
    if (!publication) return;
    this.#publications.delete(dataInfoIdText(id));
    publication.version++;
    await this.#tell(publication, "UNREGISTER");
  }

  /** Ends at once, as a killed process does. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#connection?.close();
  }

  #connect(): void {
    const connection = new Connection(
      this.#address,
      settings,
      {
        opened: () => {
          this.#open = true;
          for (const publication of this.#publications.values()) void this.#ask(connection, publication, "REGISTER").catch(() => {});
          this.#events.emit("open");
        },
        contact() {},
        asked: () => undefined,
        lost: () => {
          this.#open = false;
          if (!this.#closed) this.#timer = setTimeout(() => this.#connect(), reconnectMs);
        },
      },
      lookup as never,
    );
    this.#connection = connection;
  }

  async #tell(publication: Publication, event: "REGISTER" | "UNREGISTER"): Promise<void> {
    while (!this.#closed) {
      if (!this.#open) await once(this.#events, "open");
      try {
        if (await this.#ask(this.#connection!, publication, event)) return;
      } catch {
        // The connection broke; the next one is told.
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #ask(connection: Connection, { id, registId, version, data }: Publication, event: string): Promise<boolean> {
    const message = create(PublisherRegisterSchema, {
      dataList: data.map((text) => ({ data: text })),
      baseRegister: {
        ...id,
        zone: this.#zone,
        appName: "publisher",
        registId,
        eventType: event,
        version: BigInt(version),
        timestamp: BigInt(Date.now()),
      },
    });
    const content = toBinary(PublisherRegisterSchema, message);
    const frame = await connection.request({ codec: codecs.protobuf, className: protobufClass("PublisherRegisterPb"), content });
    return frame.status === 0 && protobufCodec.registerAnswer(frame).success;
  }
}
