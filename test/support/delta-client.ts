/**
 * A delta xDS client over gRPC, for testing any server of `DeltaAggregatedResources`. It knows nothing of the
 * server: what it holds, asks for and checks is `DeltaPeer`'s. After the end of a stream it connects again and
 * says which versions it holds.
 */
import { EventEmitter, once } from "node:events";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, type ClientDuplexStream, credentials, type StatusObject, status } from "@grpc/grpc-js";
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
  NodeSchema,
} from "../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { acknowledgement, DeltaPeer, type DeltaRequestInit, type HeldResource, rejection } from "./delta-peer.ts";

const method = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";

export interface DeltaClientOptions {
  /** `host:port` of the server under test. */
  readonly target: string;
  /** On the first request of every stream. */
  readonly node?: MessageInitShape<typeof NodeSchema>;
  /** Holds acknowledgements back until `acknowledge()`; default false. */
  readonly manualAck?: boolean;
  /** Why a response is rejected; default: none is. */
  readonly reject?: (response: DeltaDiscoveryResponse) => string | undefined;
  /** Waiting time before a reconnect, in ms; default 10. */
  readonly reconnectAfter?: number;
}

interface Events {
  /** After a response was taken over. */
  response: [response: DeltaDiscoveryResponse];
  connected: [];
  disconnected: [status: StatusObject];
}

export class DeltaClient {
  readonly events = new EventEmitter<Events>();
  readonly peer = new DeltaPeer();
  /** Every response since the start, oldest first. */
  readonly responses: DeltaDiscoveryResponse[] = [];
  /** The responses' bytes, for other decoders. */
  readonly raw: Buffer[] = [];
  readonly #options: DeltaClientOptions;
  readonly #client: Client;
  readonly #unacknowledged: DeltaDiscoveryResponse[] = [];
  readonly #ended: Promise<StatusObject>;
  #call: ClientDuplexStream<Buffer, Buffer> | undefined;
  #introduced = false;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;
  #barriers = 0;

  constructor(options: DeltaClientOptions) {
    this.#options = options;
    this.#client = new Client(options.target, credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      "grpc.use_local_subchannel_pool": 1,
      "grpc.initial_reconnect_backoff_ms": 10,
    });
    this.#ended = new Promise((resolve) => this.events.once("disconnected", resolve));
    this.#open();
  }

  /** Asks for names, `*` or `ns/*`; without names, the first call for a type asks for everything. */
  subscribe(typeUrl: string, ...names: string[]): void {
    this.send(this.peer.subscribe(typeUrl, names));
  }

  unsubscribe(typeUrl: string, ...names: string[]): void {
    this.send(this.peer.unsubscribe(typeUrl, names));
  }

  /** Sends what no well-behaved client would, too. */
  send(request: DeltaRequestInit): void {
    const message: DeltaDiscoveryRequest = create(DeltaDiscoveryRequestSchema, request);
    const { node } = this.#options;
    if (!this.#introduced && node) message.node = create(NodeSchema, node);
    this.#introduced = true;
    this.sendBytes(toBinary(DeltaDiscoveryRequestSchema, message));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#call?.write(Buffer.from(bytes));
  }

  held(typeUrl: string): ReadonlyMap<string, HeldResource> {
    return this.peer.held(typeUrl);
  }

  /** Resolves as soon as the condition holds; looks at it after every response. */
  async waitFor(condition: (client: this) => boolean, timeoutMs = 5_000): Promise<void> {
    const signal = AbortSignal.timeout(timeoutMs);
    while (!condition(this)) await once(this.events, "response", { signal });
  }

  /** The n-th response (from 0), as soon as it is there. */
  async response(index: number): Promise<DeltaDiscoveryResponse> {
    await this.waitFor(({ responses }) => responses.length > index);
    return this.responses[index]!;
  }

  /** Waits for the answer to something else that nothing delays: what came before it is all that came. Costs one type. */
  async barrier(): Promise<void> {
    this.#barriers += 1;
    const typeUrl = `test.barrier/v1/Kind${this.#barriers}`;
    this.subscribe(typeUrl);
    await this.waitFor(({ responses }) => responses.some((response) => response.typeUrl === typeUrl));
    const index = this.responses.findIndex((response) => response.typeUrl === typeUrl);
    this.responses.splice(index, 1);
    this.raw.splice(index, 1);
  }

  /** With `manualAck`: acknowledges everything that was received. Returns how many responses that were. */
  acknowledge(): number {
    const responses = this.#unacknowledged.splice(0);
    for (const response of responses) this.send(acknowledgement(response));
    return responses.length;
  }

  /** Stops or resumes reading from the stream. */
  setReading(reading: boolean): void {
    if (reading) this.#call?.resume();
    else this.#call?.pause();
  }

  /** Status name and message with which the first stream ended. */
  async end(): Promise<{ code: string; details: string }> {
    const { code, details } = await this.#ended;
    return { code: status[code]!, details };
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#call?.cancel();
    this.#client.close();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #open(): void {
    const identity = (bytes: Buffer) => bytes;
    const call = this.#client.makeBidiStreamRequest<Buffer, Buffer>(method, identity, identity);
    this.#call = call;
    this.#introduced = false;
    this.#unacknowledged.length = 0;
    call.on("data", (bytes: Buffer) => this.#receive(bytes));
    call.on("error", () => {}); // its story is told by the status
    call.once("metadata", () => this.events.emit("connected"));
    call.once("status", (ended) => {
      this.events.emit("disconnected", ended);
      if (!this.#stopped) this.#retry = setTimeout(() => this.#open(), this.#options.reconnectAfter ?? 10);
    });
    for (const request of this.peer.resume()) this.send(request);
  }

  #receive(bytes: Buffer): void {
    const response = fromBinary(DeltaDiscoveryResponseSchema, bytes);
    this.raw.push(bytes);
    this.responses.push(response);
    const reason = this.#options.reject?.(response);
    if (reason === undefined) this.peer.take(response);
    if (reason !== undefined) this.send(rejection(response, reason));
    else if (this.#options.manualAck) this.#unacknowledged.push(response);
    else this.send(acknowledgement(response));
    this.events.emit("response", response);
  }
}
