/**
 * Asks istiod for what it would tell a workload's sidecar: clusters, listeners, endpoints and
 * the name table of its DNS proxy. Speaks full-state ADS and acknowledges everything, as Envoy does.
 */
import { EventEmitter, once } from "node:events";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type ClientDuplexStream, credentials, Client as GrpcClient } from "@grpc/grpc-js";
import {
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from "../../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { Fields } from "./wire.ts";

const clusterType = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
const listenerType = "type.googleapis.com/envoy.config.listener.v3.Listener";
const endpointType = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
const nameTableType = "type.googleapis.com/istio.networking.nds.v1.NameTable";

/** An endpoint as it was told, once for each time that it is in the answer. */
export interface AssignedEndpoint {
  /** `address:port` */
  readonly endpoint: string;
  /** 0 if none is told. */
  readonly weight: number;
  /** 0 comes first; the others are for when those before them fail. */
  readonly priority: number;
}

export class SidecarClient {
  /** Names such as `outbound|20880||com.acme.order.dubbo`. */
  clusters: readonly string[] = [];
  /** Listener name → `address:port`; names such as `241.1.2.3_20880`. */
  listeners: ReadonlyMap<string, string> = new Map();
  /** Cluster name → its endpoints with their weights, sorted. */
  assignments: ReadonlyMap<string, readonly AssignedEndpoint[]> = new Map();
  /** Cluster name → `address:port` of its endpoints, sorted. */
  endpoints: ReadonlyMap<string, readonly string[]> = new Map();
  /** Host → addresses that the sidecar's DNS answers. */
  names: ReadonlyMap<string, readonly string[]> = new Map();
  /** Answers received so far, by type. */
  readonly answers = new Map<string, number>();
  /** After an answer was taken over. */
  readonly events = new EventEmitter<{ answer: [typeUrl: string] }>();
  readonly #grpc: GrpcClient;
  readonly #stream: ClientDuplexStream<DiscoveryRequest, DiscoveryResponse>;
  #watchedClusters = "";
  /** Why the stream ended, if it did. */
  #lost: Error | undefined;

  /** @param address istiod's plaintext xDS address, `127.0.0.1:15010` in a pod */
  constructor(address: string) {
    this.#grpc = new GrpcClient(address, credentials.createInsecure(), { "grpc.max_receive_message_length": -1 });
    this.#stream = this.#grpc.makeBidiStreamRequest(
      "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources",
      (request) => Buffer.from(toBinary(DiscoveryRequestSchema, request)),
      (bytes) => fromBinary(DiscoveryResponseSchema, bytes),
    );
    this.#stream.on("data", (response) => this.#accept(response));
    this.#stream.on("error", (error) => {
      this.#lost = error;
    });
    for (const typeUrl of [clusterType, listenerType, nameTableType]) this.#request({ typeUrl });
  }

  /**
   * Waits until `check` holds; it is asked again after every answer.
   * @param within ms
   */
  async until(what: string, check: (client: SidecarClient) => boolean, within = 20_000): Promise<void> {
    const signal = AbortSignal.timeout(within);
    while (!check(this)) {
      await once(this.events, "answer", { signal }).catch((error) => {
        throw new Error(`the sidecar's view: ${what}: not within ${within} ms`, { cause: this.#lost ?? error });
      });
    }
  }

  /** The sum of all answers so far. */
  get answerCount(): number {
    return [...this.answers.values()].reduce((sum, count) => sum + count, 0);
  }

  close(): void {
    this.#stream.cancel();
    this.#grpc.close();
  }

  #accept(response: DiscoveryResponse): void {
    const messages = response.resources.map(({ value }) => new Fields(value));
    this.answers.set(response.typeUrl, (this.answers.get(response.typeUrl) ?? 0) + 1);
    switch (response.typeUrl) {
      case clusterType:
        this.clusters = messages.map((cluster) => cluster.string(1)).sort();
        this.#watchEndpoints();
        break;
      case listenerType:
        this.listeners = new Map(messages.map((listener) => [listener.string(1), socketAddress(listener.message(2))]));
        break;
      case endpointType:
        // Full state per cluster, but an answer may hold only the clusters that changed.
        this.assignments = new Map([...this.assignments, ...messages.map(readAssignment)]);
        this.endpoints = new Map([...this.assignments].map(([name, assigned]) => [name, assigned.map(({ endpoint }) => endpoint)]));
        break;
      case nameTableType:
        this.names = new Map(messages.flatMap((table) => table.messages(1).map(readName)));
        break;
    }
    const names = response.typeUrl === endpointType ? this.#edsClusters() : [];
    this.#request({ typeUrl: response.typeUrl, versionInfo: response.versionInfo, responseNonce: response.nonce, resourceNames: names });
    this.events.emit("answer", response.typeUrl);
  }

  /** As Envoy does: whenever the set of clusters changes, the endpoints are asked for by name. */
  #watchEndpoints(): void {
    const resourceNames = this.#edsClusters();
    if (resourceNames.join() === this.#watchedClusters) return;
    this.#watchedClusters = resourceNames.join();
    this.#request({ typeUrl: endpointType, resourceNames });
  }

  #edsClusters(): string[] {
    return this.clusters.filter((name) => name.startsWith("outbound|"));
  }

  #request(fields: { typeUrl: string; versionInfo?: string; responseNonce?: string; resourceNames?: string[] }): void {
    this.#stream.write(create(DiscoveryRequestSchema, { ...fields, node }));
  }
}

const node = {
  id: "sidecar~127.0.0.1~client-0.default~default.svc.cluster.local",
  cluster: "client.default",
  metadata: { NAMESPACE: "default", CLUSTER_ID: "Kubernetes", ISTIO_VERSION: "1.31.0", DNS_CAPTURE: "true", LABELS: { app: "client" } },
};

function socketAddress(address: Fields | undefined): string {
  const socket = address?.message(1);
  return socket === undefined ? "" : `${socket.string(2)}:${socket.number(3)}`;
}

function readAssignment(assignment: Fields): [string, AssignedEndpoint[]] {
  const assigned = assignment.messages(2).flatMap((locality) =>
    locality.messages(2).map((one) => ({
      endpoint: socketAddress(one.message(1, 1)),
      weight: one.message(4)?.number(1) ?? 0,
      priority: locality.number(5),
    })),
  );
  return [assignment.string(1), assigned.sort((one, other) => (one.endpoint < other.endpoint ? -1 : 1))];
}

function readName(entry: Fields): [string, string[]] {
  return [entry.string(1), entry.message(2)?.strings(1) ?? []];
}
