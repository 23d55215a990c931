/**
 * A client process: asks as istiod does, acknowledges every answer as soon as it is there, and
 * tells when it came and which markers are in it. It reads no more of an answer than that, so
 * that it does not become what is measured.
 */
import { connect } from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import { DiscoveryRequestSchema, DiscoveryResponseSchema, NodeSchema } from "../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { ResourceSchema } from "../../src/gen/istio/mcp/v1alpha1/resource_pb.ts";
import { ServiceEntrySchema } from "../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import { streamAggregatedResources } from "../../src/xds/discovery-service.ts";
import { requestedTypes } from "../support/fake-istiod.ts";
import type { FromClient, ToClient } from "./client-messages.ts";
import { sharedNow } from "./clock.ts";
import { endpointDigest } from "./endpoint-digest.ts";
import { findMarkers } from "./marker.ts";

const serviceEntries = "networking.istio.io/v1/ServiceEntry";
const node = create(NodeSchema, {
  id: "sidecar~10.0.0.1~istiod-0.istio-system~istio-system.svc.cluster.local",
  metadata: { GENERATOR: "api", ISTIO_REVISION: "default", ISTIO_VERSION: "65536.65536.65536" },
});

let newest: Buffer = Buffer.alloc(0);
let markers = new Set<number>();

function tell(message: FromClient): void {
  process.send?.(message);
}

function open(port: number): void {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc-node.flow_control_window": 1024 * 1024, // as istiod's
  });
  const { path, requestSerialize, responseDeserialize } = streamAggregatedResources;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  call.on("data", (bytes: Buffer) => receive(call, bytes));
  call.on("error", (error) => tell({ type: "ended", reason: error.message }));
  for (const [index, typeUrl] of requestedTypes("1.30").entries()) {
    send(call, { typeUrl, node: index === 0 ? node : undefined, responseNonce: `${new Date().toISOString()} m=+0.2` });
  }
}

function send(call: ClientDuplexStream<Buffer, Buffer>, request: Parameters<typeof create<typeof DiscoveryRequestSchema>>[1]): void {
  call.write(Buffer.from(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, request))));
}

function receive(call: ClientDuplexStream<Buffer, Buffer>, bytes: Buffer): void {
  const at = sharedNow();
  const { versionInfo, typeUrl, responseNonce, resources } = readHead(bytes);
  send(call, { versionInfo, typeUrl, responseNonce, node });
  if (typeUrl !== serviceEntries) return;
  newest = bytes;
  const before = markers;
  markers = findMarkers(bytes);
  const added = [...markers].filter((marker) => !before.has(marker));
  const removed = [...before].filter((marker) => !markers.has(marker));
  tell({ type: "arrival", at, bytes: bytes.byteLength, resources, added, removed });
}

/** The response without its resources, which are only counted. */
function readHead(bytes: Buffer) {
  const head = { versionInfo: "", typeUrl: "", responseNonce: "", resources: 0 };
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) head.versionInfo = reader.string();
    else if (field === 4) head.typeUrl = reader.string();
    else if (field === 5) head.responseNonce = reader.string();
    else {
      if (field === 2) head.resources += 1;
      reader.skip(wireType, field);
    }
  }
  return head;
}

function inspect(): void {
  const { resources } = fromBinary(DiscoveryResponseSchema, newest);
  const endpoints = resources.flatMap(({ value }) => {
    const entry = fromBinary(ServiceEntrySchema, fromBinary(ResourceSchema, value).body!.value);
    return entry.endpoints.map(({ address, ports }) => `${entry.hosts[0]} ${address}:${Object.values(ports)[0] ?? entry.ports[0]?.number}`);
  });
  tell({ type: "inspection", services: resources.length, endpoints: endpoints.length, digest: endpointDigest(endpoints) });
}

/** Tries until something listens; istiod would be started later and find it listening. */
function openWhenListening(port: number): void {
  const socket = connect(port, "127.0.0.1");
  socket.once("connect", () => {
    socket.destroy();
    open(port);
  });
  socket.once("error", () => setTimeout(openWhenListening, 5, port));
}

process.on("message", (message: ToClient) => {
  if (message.type === "connect") openWhenListening(message.port);
  else inspect();
});
// Whoever started it is gone.
process.on("disconnect", () => process.exit());
tell({ type: "ready" });
