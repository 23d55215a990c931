/**
 * What a client of istio-mcp's incremental dialect makes of the answers: a type's first one on a stream is everything,
 * the later ones change single resources, and a resource without a body is gone. It checks the rules it relies on.
 */
import assert from "node:assert/strict";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from "../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { type Resource, ResourceSchema } from "../../src/gen/istio/mcp/v1alpha1/resource_pb.ts";
import type { OpenStream } from "./stream-rig.ts";

export class IncrementalPeer {
  readonly #node: MessageInitShape<typeof DiscoveryRequestSchema>["node"];
  readonly #stores = new Map<string, Map<string, string>>();
  #stream: OpenStream;
  readonly #unanswered: DiscoveryResponse[] = [];
  readonly #answered = new Set<string>();
  readonly #nonces = new Set<string>();
  /** What was read on this stream, oldest first: `Kind name`, with `-` before what is gone. */
  readonly told: string[] = [];

  constructor(stream: OpenStream, node: Record<string, string> = {}) {
    this.#node = { id: "sidecar~10.0.0.1~istiod-0.istio-system~istio-system.svc.cluster.local", metadata: { GENERATOR: "api", ...node } };
    this.#stream = stream;
  }

  /** name → version. */
  held(kind: string): ReadonlyMap<string, string> {
    return this.#store(kind);
  }

  ask(typeUrl: string, responseNonce = ""): void {
    this.send({ typeUrl, node: this.#node, responseNonce });
  }

  send(request: MessageInitShape<typeof DiscoveryRequestSchema>): void {
    this.#stream.stream.receive(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, request)));
  }

  /** Takes the message that is on the wire, if there is one. */
  read(): DiscoveryResponse | undefined {
    const bytes = this.#stream.wire.take();
    if (!bytes) return undefined;
    const response = fromBinary(DiscoveryResponseSchema, bytes);
    assert.notEqual(response.nonce, "");
    assert.ok(!this.#nonces.has(response.nonce), "a nonce is used once");
    this.#nonces.add(response.nonce);
    this.#unanswered.push(response);
    this.#take(response);
    return response;
  }

  /** Acknowledges the oldest answer that is not. */
  acknowledge(): boolean {
    const response = this.#unanswered.shift();
    if (response)
      this.send({ typeUrl: response.typeUrl, responseNonce: response.nonce, versionInfo: response.versionInfo, node: this.#node });
    return response !== undefined;
  }

  readAll(): DiscoveryResponse[] {
    const responses: DiscoveryResponse[] = [];
    for (let response = this.read(); response; response = this.read()) {
      responses.push(response);
      this.acknowledge();
    }
    return responses;
  }

  /** As its library does on a new stream: the first answers are full again. */
  reconnect(stream: OpenStream): void {
    this.#stream.close();
    this.#stream = stream;
    this.#unanswered.length = 0;
    this.#answered.clear();
    this.told.length = 0;
  }

  /** The status with which the server ended the stream. */
  get ended(): string | undefined {
    return this.#stream.wire.ended?.status;
  }

  #store(kind: string): Map<string, string> {
    const store = this.#stores.get(kind) ?? new Map<string, string>();
    this.#stores.set(kind, store);
    return store;
  }

  #take({ typeUrl, resources }: DiscoveryResponse): void {
    const kind = typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
    const store = this.#store(kind);
    const received = resources.map(({ value }) => fromBinary(ResourceSchema, value));
    const full = !this.#answered.has(typeUrl);
    this.#answered.add(typeUrl);
    if (full) {
      const names = new Set(received.map(nameOf));
      for (const name of store.keys()) if (!names.has(name)) store.delete(name);
    }
    for (const resource of received) {
      const name = nameOf(resource);
      assert.ok(!full || resource.body, "the first answer deletes by leaving out");
      this.told.push(`${resource.body ? "" : "-"}${kind} ${name}`);
      if (resource.body) store.set(name, resource.metadata!.version);
      else store.delete(name);
    }
  }
}

function nameOf({ metadata }: Resource): string {
  return metadata!.name;
}
