/**
 * istiod's configuration client as it was observed on the wire (1.18 … 1.31), for testing a server
 * of `configSources: [{address: "xds://…"}]` without an istiod. It knows nothing of the server.
 *
 * What it imitates: one full-state stream; MeshConfig first, then every type, all before any answer
 * is read; a wall clock as first nonce; the node on the first request and on acknowledgements only;
 * every answer acknowledged, none ever rejected; a store per type, in which an answer replaces
 * everything, an equal version is skipped whatever its body, and bad data counts as absent; after
 * the end of a stream nothing is deleted and everything is asked for again, with its back-off.
 */
import { EventEmitter, once } from "node:events";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, type ClientDuplexStream, credentials, type StatusObject } from "@grpc/grpc-js";
import {
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
  type Node,
  NodeSchema,
} from "../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { type Resource, ResourceSchema } from "../../src/gen/istio/mcp/v1alpha1/resource_pb.ts";

const method = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources";
export const meshConfigType = "core/v1alpha1/MeshConfig";

/** Which type URLs are asked for: until 1.23, from 1.24, from 1.30. */
export type IstioGeneration = "1.18" | "1.24" | "1.30";

/** The types of a generation, in the order of istiod's requests, MeshConfig first. */
export function requestedTypes(generation: IstioGeneration): string[] {
  const old = generation === "1.18";
  const networking = `networking.istio.io/${old ? "v1alpha3" : "v1"}`;
  const security = `security.istio.io/${old ? "v1beta1" : "v1"}`;
  return [
    meshConfigType,
    `${security}/AuthorizationPolicy`,
    `${networking}/DestinationRule`,
    "networking.istio.io/v1alpha3/EnvoyFilter",
    `${networking}/Gateway`,
    `${security}/PeerAuthentication`,
    "networking.istio.io/v1beta1/ProxyConfig",
    `${security}/RequestAuthentication`,
    `${networking}/ServiceEntry`,
    `${networking}/Sidecar`,
    `telemetry.istio.io/${old ? "v1alpha1" : "v1"}/Telemetry`,
    ...(generation === "1.30" ? ["extensions.istio.io/v1alpha1/TrafficExtension"] : []),
    `${networking}/VirtualService`,
    "extensions.istio.io/v1alpha1/WasmPlugin",
    `${networking}/WorkloadEntry`,
    `${networking}/WorkloadGroup`,
  ];
}

export interface FakeIstiodOptions {
  /** `host:port` of the server under test. */
  readonly target: string;
  readonly generation?: IstioGeneration;
  readonly revision?: string;
  /** Scales the waiting times of reconnecting, 1 as observed; default 0.02, for tests. */
  readonly timeScale?: number;
  /** Holds acknowledgements back until `acknowledge()`; default false. */
  readonly manualAck?: boolean;
  /** Body messages that this istiod knows; default: every one. */
  readonly knows?: (typeUrl: string) => boolean;
  /** Its validation: false keeps a new object out, and the old one in its place. */
  readonly validate?: (resource: Resource) => boolean;
}

export interface StoredConfig {
  readonly name: string;
  /** The server's metadata.version: istiod's resourceVersion. */
  readonly version: string;
  readonly body: Uint8Array;
}

/** Counted over the life of a fake, reconnects included. */
export interface FakeIstiodCounts {
  streams: number;
  /** Answers received, by type URL. */
  readonly pushes: Map<string, number>;
  created: number;
  updated: number;
  deleted: number;
  /** Equal version: nothing to do. */
  skipped: number;
  /** Bad name, unknown body, foreign revision: treated as absent. */
  invalid: number;
  /** Refused by validation. */
  refused: number;
}

interface Events {
  /** After an answer was applied. */
  push: [typeUrl: string, response: DiscoveryResponse];
  connected: [];
  disconnected: [status: StatusObject];
}

export class FakeIstiod {
  readonly events = new EventEmitter<Events>();
  readonly counts: FakeIstiodCounts = {
    streams: 0,
    pushes: new Map(),
    created: 0,
    updated: 0,
    deleted: 0,
    skipped: 0,
    invalid: 0,
    refused: 0,
  };
  readonly types: readonly string[];
  /** Every request sent, oldest first; bounded to the last 10,000. */
  readonly requests: DiscoveryRequest[] = [];
  readonly #options: FakeIstiodOptions;
  readonly #node: Node;
  readonly #stores = new Map<string, Map<string, StoredConfig>>();
  readonly #answered = new Set<string>();
  readonly #unacknowledged: DiscoveryResponse[] = [];
  #client: Client | undefined;
  #call: ClientDuplexStream<Buffer, Buffer> | undefined;
  #backoff = 500;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: FakeIstiodOptions) {
    this.#options = options;
    this.types = requestedTypes(options.generation ?? "1.30");
    const revision = options.revision ?? "default";
    this.#node = create(NodeSchema, {
      id: "sidecar~10.0.0.1~istiod-0.istio-system~istio-system.svc.cluster.local",
      metadata: { GENERATOR: "api", ISTIO_REVISION: revision, ISTIO_VERSION: "65536.65536.65536" },
    });
  }

  /** Connects; the real one exits when this first attempt fails, so `disconnected` then says why and it is tried again. */
  start(): this {
    this.#client = new Client(this.#options.target, credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      "grpc-node.flow_control_window": 1024 * 1024,
      "grpc.use_local_subchannel_pool": 1,
      "grpc.initial_reconnect_backoff_ms": Math.max(1, 1000 * this.#timeScale),
    });
    this.#open();
    return this;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#call?.cancel();
    this.#client?.close();
  }

  /** Whether every type but MeshConfig was answered at least once; never reset. */
  get hasSynced(): boolean {
    return this.types.every((type) => type === meshConfigType || this.#answered.has(type));
  }

  /** What is held of a kind such as `ServiceEntry`, by "namespace/name". */
  store(kind: string): ReadonlyMap<string, StoredConfig> {
    return this.#stores.get(this.typeOf(kind)) ?? new Map();
  }

  /** The type URL under which this generation asks for a kind. */
  typeOf(kind: string): string {
    const type = this.types.find((url) => url.endsWith(`/${kind}`));
    if (!type) throw new Error(`istiod ${this.#options.generation} does not ask for ${kind}`);
    return type;
  }

  pushes(kind: string): number {
    return this.counts.pushes.get(this.typeOf(kind)) ?? 0;
  }

  /** Resolves as soon as the condition holds; looks at it after every answer. */
  async waitFor(condition: (fake: this) => boolean, timeoutMs = 10_000): Promise<void> {
    const signal = AbortSignal.timeout(timeoutMs);
    while (!condition(this)) await once(this.events, "push", { signal });
  }

  /** With `manualAck`: acknowledges everything that was received. Returns how many answers that were. */
  acknowledge(): number {
    const responses = this.#unacknowledged.splice(0);
    for (const response of responses) this.#ack(response);
    return responses.length;
  }

  /** Stops or resumes reading from the stream, as an istiod that is busy. */
  setReading(reading: boolean): void {
    if (reading) this.#call?.resume();
    else this.#call?.pause();
  }

  get #timeScale(): number {
    return this.#options.timeScale ?? 0.02;
  }

  #open(): void {
    const identity = (bytes: Buffer) => bytes;
    const call = this.#client!.makeBidiStreamRequest<Buffer, Buffer>(method, identity, identity);
    this.#call = call;
    this.#unacknowledged.length = 0;
    call.on("data", (bytes: Buffer) => this.#receive(fromBinary(DiscoveryResponseSchema, bytes)));
    call.on("error", () => {}); // its story is told by the status
    call.once("metadata", () => this.#connected());
    call.once("status", (status) => {
      this.events.emit("disconnected", status);
      this.#reopen();
    });
    this.types.forEach((typeUrl, index) => {
      this.#send({ typeUrl, node: index === 0 ? this.#node : undefined, responseNonce: wallClock() });
    });
  }

  #connected(): void {
    this.counts.streams += 1;
    this.#backoff = 500;
    this.events.emit("connected");
  }

  /** 0.5 s × 1.5 ± 50 %, at most 60 s, back to the start with every stream that opens. */
  #reopen(): void {
    if (this.#stopped) return;
    const wait = this.#backoff * (0.5 + Math.random()) * this.#timeScale;
    this.#backoff = Math.min(60_000, this.#backoff * 1.5);
    this.#retry = setTimeout(() => this.#open(), wait);
  }

  #send(request: { typeUrl: string; node?: Node | undefined; responseNonce: string; versionInfo?: string }): void {
    const message = create(DiscoveryRequestSchema, request);
    if (this.requests.push(message) > 10_000) this.requests.shift();
    this.#call?.write(Buffer.from(toBinary(DiscoveryRequestSchema, message)));
  }

  #receive(response: DiscoveryResponse): void {
    const { typeUrl } = response;
    this.counts.pushes.set(typeUrl, (this.counts.pushes.get(typeUrl) ?? 0) + 1);
    if (typeUrl !== meshConfigType && this.types.includes(typeUrl)) {
      this.#apply(typeUrl, response);
      this.#answered.add(typeUrl);
    }
    if (this.#options.manualAck) this.#unacknowledged.push(response);
    else this.#ack(response);
    this.events.emit("push", typeUrl, response);
  }

  #ack({ typeUrl, nonce, versionInfo, resources }: DiscoveryResponse): void {
    if (typeUrl === meshConfigType && resources.length > 0) return; // observed: only an empty one is acknowledged
    this.#send({ typeUrl, node: this.#node, responseNonce: nonce, versionInfo });
  }

  #apply(typeUrl: string, response: DiscoveryResponse): void {
    const store = this.#stores.get(typeUrl) ?? new Map<string, StoredConfig>();
    this.#stores.set(typeUrl, store);
    const received = new Set<string>();
    for (const any of response.resources) {
      const resource = this.#read(any.value);
      if (!resource) {
        this.counts.invalid += 1;
        continue;
      }
      received.add(resource.metadata!.name);
      this.#put(store, resource);
    }
    for (const name of [...store.keys()]) {
      if (received.has(name)) continue;
      store.delete(name);
      this.counts.deleted += 1;
    }
  }

  #read(bytes: Uint8Array): Resource | undefined {
    try {
      const resource = fromBinary(ResourceSchema, bytes);
      const { metadata, body } = resource;
      const revision = metadata?.labels["istio.io/rev"];
      const foreign = revision !== undefined && revision !== (this.#options.revision ?? "default");
      if (metadata?.name.split("/").length !== 2 || foreign || !body) return undefined;
      return (this.#options.knows?.(body.typeUrl) ?? true) ? resource : undefined;
    } catch {
      return undefined;
    }
  }

  #put(store: Map<string, StoredConfig>, resource: Resource): void {
    const { name, version } = resource.metadata!;
    const existing = store.get(name);
    if (existing && version !== "" && existing.version === version) {
      this.counts.skipped += 1;
    } else if (this.#options.validate?.(resource) === false) {
      this.counts.refused += 1;
    } else {
      store.set(name, { name, version, body: resource.body!.value });
      if (existing) this.counts.updated += 1;
      else this.counts.created += 1;
    }
  }
}

/** Go's rendering of a time, as istiod sends it for a first nonce. */
function wallClock(): string {
  const now = new Date().toISOString();
  return `${now.slice(0, 10)} ${now.slice(11, 23)}000000 +0000 UTC m=+${(performance.now() / 1000).toFixed(9)}`;
}
