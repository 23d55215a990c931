/**
 * A process that is many clients of delta, each with a connection of its own. The first is sent
 * everything; the others come as if they had been connected before, and say which versions they hold:
 * one process cannot be sent 20 MB hundreds of times in a benchmark's time.
 */
import { once } from "node:events";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import { DeltaDiscoveryRequestSchema, DeltaDiscoveryResponseSchema } from "../../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { discoveryService } from "../../../src/xds/port/discovery-service.ts";
import { findMarkers } from "../load/marker.ts";
import { sharedNow } from "../measuring/clock.ts";
import { otherEnd } from "../measuring/other-end.ts";
import { istiod, serviceEntries } from "./dialogue.ts";
import type { FromFleet, ToFleet } from "./fleet-messages.ts";

/** How many connect at a time. */
const width = 4;

let clients = 0;
/** By marker, at how many clients it is. */
const seen = new Map<number, number>();

const tell = otherEnd<ToFleet, FromFleet>((message) => void connect(message.port, message.clients));
tell({ type: "ready" });

/** Resolves with the first answer, acknowledged. */
async function join(port: number, opening: Uint8Array): Promise<Buffer> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.use_local_subchannel_pool": 1,
  });
  const { path, requestSerialize, responseDeserialize } = discoveryService.DeltaAggregatedResources;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  call.on("error", (error) => tell({ type: "failed", reason: error.message }));
  call.write(Buffer.from(opening));
  const [first] = (await once(call, "data")) as [Buffer];
  acknowledge(call, first);
  call.on("data", (answer: Buffer) => {
    const at = sharedNow();
    acknowledge(call, answer);
    for (const marker of findMarkers(answer)) count(marker, at);
  });
  return first;
}

function acknowledge(call: ClientDuplexStream<Buffer, Buffer>, answer: Buffer): void {
  const { typeUrl, nonce } = fromBinary(DeltaDiscoveryResponseSchema, answer);
  call.write(Buffer.from(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, { typeUrl, responseNonce: nonce }))));
}

function count(marker: number, at: number): void {
  const number = (seen.get(marker) ?? 0) + 1;
  seen.set(marker, number);
  if (number === clients) tell({ type: "reached", marker, at });
  if (number > clients) tell({ type: "failed", reason: `change ${marker} came ${number} times to ${clients} clients` });
}

function opening(initialResourceVersions: Record<string, string> = {}): Uint8Array {
  const request = { typeUrl: serviceEntries, node: istiod, initialResourceVersions };
  return toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, request));
}

async function connect(port: number, number: number): Promise<void> {
  clients = number;
  const { resources } = fromBinary(DeltaDiscoveryResponseSchema, await join(port, opening()));
  const again = opening(Object.fromEntries(resources.map(({ name, version }) => [name, version])));
  let left = number - 1;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      const answer = fromBinary(DeltaDiscoveryResponseSchema, await join(port, again));
      if (answer.resources.length > 0) tell({ type: "failed", reason: `${answer.resources.length} resources for a client that holds all` });
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  tell({ type: "connected" });
}
