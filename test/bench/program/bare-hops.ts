/**
 * What the way from a worker to a client costs by itself, on this machine and now: a text from the
 * worker to its main thread, and from there a ready message through grpc-js to the same client. What
 * a server does between is nothing here.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { create, toBinary } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { DeltaDiscoveryResponseSchema } from "../../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { discoveryService } from "../../../src/xds/port/discovery-service.ts";
import { ClientProcess } from "../client/client-process.ts";
import { serviceEntries } from "../client/dialogue.ts";
import { markerAddress } from "../load/marker.ts";

/** @returns ms from the worker's message to the client's, by change */
export async function bareHops(count: number, pause: number): Promise<number[]> {
  const client = await ClientProcess.start("delta");
  const server = new Server({ "grpc.enable_channelz": 0 });
  let stream: ServerDuplexStream<Buffer, Buffer> | undefined;
  server.addService(discoveryService, {
    StreamAggregatedResources: (call: ServerDuplexStream<Buffer, Buffer>) => call.end(),
    DeltaAggregatedResources: (call: ServerDuplexStream<Buffer, Buffer>) => {
      stream = call;
      call.once("data", () => call.write(message()));
      call.on("data", () => {});
      call.on("error", () => {});
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  try {
    await client.connect(port);
    const ready = Array.from({ length: count }, (_, marker) => message(marker));
    const sentAt: number[] = [];
    const worker = new Worker(new URL("./bare-worker.ts", import.meta.url), { workerData: { count, pause } });
    worker.on("message", ({ marker, at }: { marker: number; at: number }) => {
      stream!.write(ready[marker]!);
      sentAt.push(at);
    });
    await once(worker, "exit");
    await client.until("every message arrives", () => client.added.size === count, 5_000);
    return sentAt.map((at, marker) => client.added.get(marker)! - at);
  } finally {
    await client.stop();
    server.forceShutdown();
  }
}

/** As long as a delta with one service of 10 instances; without a marker, an empty one. */
function message(marker?: number): Buffer {
  const value = marker === undefined ? undefined : Buffer.from(markerAddress(marker).padEnd(2_200));
  const resources = value ? [{ name: `${marker}`, version: "1", resource: { typeUrl: serviceEntries, value } }] : [];
  return Buffer.from(
    toBinary(DeltaDiscoveryResponseSchema, create(DeltaDiscoveryResponseSchema, { typeUrl: serviceEntries, nonce: "n", resources })),
  );
}
