/** One client of a fake Nacos, as the server knows it: by its connection. */
import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { Message } from "../../../src/registries/nacos/grpc/message.ts";

export interface Acknowledgement {
  readonly type: string;
  readonly requestId: string;
}

export class FakeConnection {
  readonly peer: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, unknown>>;
  /** `group@@name` in the namespace of each subscription. */
  readonly subscriptions = new Set<string>();
  /** By pattern. */
  readonly patterns = new Set<string>();
  readonly acknowledged: Acknowledgement[] = [];
  readonly #stream: ServerDuplexStream<Message, Message>;
  #lastId = 0;

  constructor(peer: string, stream: ServerDuplexStream<Message, Message>, setUp: Message["fields"]) {
    this.peer = peer;
    this.#stream = stream;
    this.namespace = String(setUp.tenant);
    this.labels = (setUp.labels ?? {}) as Record<string, unknown>;
  }

  /** @returns the id under which it is to be acknowledged */
  ask(type: string, fields: Message["fields"], module = "naming"): string {
    const requestId = String(++this.#lastId);
    this.#stream.write({ type, fields: { headers: {}, requestId, ...fields, module } });
    return requestId;
  }

  end(): void {
    this.#stream.end();
  }
}
