/** A bare full-state client that does what a test tells it to, also what no client should. */
import { once } from "node:events";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type ChannelCredentials, Client, type ClientDuplexStream, credentials, type StatusObject, status } from "@grpc/grpc-js";
import {
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from "../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";

const service = "/envoy.service.discovery.v3.AggregatedDiscoveryService";
const identity = (bytes: Buffer) => bytes;

/** What istiod's first request says of itself; without it a client is a tool. */
export const istiodNode = { id: "sidecar~10.0.0.1~istiod-0.istio-system~istio-system.svc.cluster.local", metadata: { GENERATOR: "api" } };

export class XdsProbe {
  readonly responses: DiscoveryResponse[] = [];
  /** The responses' bytes, for other decoders. */
  readonly raw: Buffer[] = [];
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #ended: Promise<StatusObject>;
  #barriers = 0;

  constructor(target: string, method = "StreamAggregatedResources", channel: ChannelCredentials = credentials.createInsecure()) {
    this.#client = new Client(target, channel, {
      "grpc.max_receive_message_length": -1,
      "grpc.use_local_subchannel_pool": 1,
    });
    this.#call = this.#client.makeBidiStreamRequest(`${service}/${method}`, identity, identity);
    this.#call.on("error", () => {});
    this.#call.on("data", (bytes: Buffer) => {
      this.raw.push(bytes);
      this.responses.push(fromBinary(DiscoveryResponseSchema, bytes));
      this.#call.emit("taken");
    });
    this.#ended = new Promise((resolve) => this.#call.once("status", resolve));
  }

  send(request: MessageInitShape<typeof DiscoveryRequestSchema>): void {
    this.sendBytes(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, request)));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#call.write(Buffer.from(bytes));
  }

  ack(response: DiscoveryResponse, names: string[] = []): void {
    const { typeUrl, nonce: responseNonce, versionInfo } = response;
    this.send({ typeUrl, responseNonce, versionInfo, resourceNames: names });
  }

  /** The n-th response (from 0), as soon as it is there. */
  async response(index: number): Promise<DiscoveryResponse> {
    while (this.responses.length <= index) await once(this.#call, "taken", { signal: AbortSignal.timeout(5_000) });
    return this.responses[index]!;
  }

  /** Waits for the answer to something else that nothing delays: what came before it is all that came. Costs one type. */
  async barrier(): Promise<void> {
    this.#barriers += 1;
    const typeUrl = `test.barrier/v1/Kind${this.#barriers}`;
    this.send({ typeUrl });
    while (this.responses.at(-1)?.typeUrl !== typeUrl) await once(this.#call, "taken", { signal: AbortSignal.timeout(5_000) });
    this.responses.pop();
    this.raw.pop();
  }

  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }

  halfClose(): void {
    this.#call.end();
  }

  /** Status name and message with which the stream ended. */
  async end(): Promise<{ code: string; details: string }> {
    const { code, details } = await this.#ended;
    return { code: status[code]!, details };
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
