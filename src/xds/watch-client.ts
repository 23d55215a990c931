/**
 * Follows a running server as a client: what `tributary watch` prints. It speaks full state, holds
 * what it was told, and says what changed. An answer is acknowledged when its changes were taken, so
 * a slow reader is sent the net difference later instead of being queued for.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, type ClientDuplexStream, credentials, type ServiceError } from "@grpc/grpc-js";
import { TributaryError } from "../errors/tributary-error.ts";
import { type DiscoveryRequest, DiscoveryRequestSchema, DiscoveryResponseSchema } from "../gen/envoy/service/discovery/v3/discovery_pb.ts";
import { ownedTypes, type TypeKey } from "../snapshot/snapshot.ts";
import { streamAggregatedResources } from "./discovery-service.ts";
import { type WatchedChanges, WatchedTable } from "./watched-object.ts";

export interface WatchOptions {
  /** `host:port` of the server. */
  readonly target: string;
  /** Default: all types that Tributary serves. */
  readonly types?: readonly TypeKey[];
  /** Ends the watch. */
  readonly signal?: AbortSignal;
  /** First waiting time before a reconnect, in ms; it doubles up to 16 times that. Default 500. */
  readonly reconnectAfter?: number;
}

export type WatchEvent =
  | ({
      readonly event: "changes";
      readonly type: TypeKey;
      /** The table's digest. */
      readonly version: string;
      /** False while the server still waits for a required registry. */
      readonly complete: boolean;
      /** The first answer of this watch for the type: everything is `added`. */
      readonly initial: boolean;
      /** Objects there are now. */
      readonly size: number;
    } & WatchedChanges)
  /** What was seen stays; the next connection tells the difference. */
  | { readonly event: "disconnected"; readonly reason: string; readonly retryInMs: number };

/** Largest answer, in bytes; a larger one ends the stream. */
const maxAnswer = 1024 * 1024 * 1024;

/** @throws TributaryError NOT_RUNNING when there is no first answer; later connections are tried again without limit. */
export async function* watch(options: WatchOptions): AsyncGenerator<WatchEvent, void> {
  const { types = ownedTypes, signal, reconnectAfter = 500 } = options;
  const tables = new Map<TypeKey, WatchedTable>();
  let wait = reconnectAfter;
  let everConnected = false;
  while (!signal?.aborted) {
    const client = new Client(options.target, credentials.createInsecure(), {
      "grpc.max_receive_message_length": maxAnswer,
      "grpc-node.flow_control_window": 1024 * 1024,
      "grpc.use_local_subchannel_pool": 1,
    });
    const abort = () => client.close();
    signal?.addEventListener("abort", abort, { once: true });
    let reason = "the server closed the stream";
    try {
      for await (const event of follow(client, types, tables, signal)) {
        everConnected = true;
        wait = reconnectAfter;
        yield event;
      }
    } catch (error) {
      reason = describe(error);
    } finally {
      signal?.removeEventListener("abort", abort);
      client.close();
    }
    if (signal?.aborted) return;
    if (!everConnected) {
      throw new TributaryError("NOT_RUNNING", `no server answers at ${options.target}: ${reason}`, {
        hint: "start one with `tributary serve`",
      });
    }
    const retryInMs = Math.round(wait * (0.5 + Math.random()));
    wait = Math.min(wait * 2, reconnectAfter * 16);
    yield { event: "disconnected", reason, retryInMs };
    await pause(retryInMs, signal);
  }
}

/** One stream, until it ends. Backpressure: nothing is read, and nothing acknowledged, before the last event was taken. */
async function* follow(
  client: Client,
  types: readonly TypeKey[],
  tables: Map<TypeKey, WatchedTable>,
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchEvent, void> {
  const { path, requestSerialize, responseDeserialize } = streamAggregatedResources;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const cancel = () => call.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    const keys = new Map(types.map((type) => [typeUrlOf(type), type]));
    for (const [index, typeUrl] of [...keys.keys()].entries()) {
      send(call, { typeUrl, node: index === 0 ? { id: `tributary-watch~${process.pid}` } : undefined });
    }
    for await (const bytes of call as AsyncIterable<Buffer>) {
      const { typeUrl, versionInfo: version, nonce, resources, controlPlane } = fromBinary(DiscoveryResponseSchema, bytes);
      const type = keys.get(typeUrl);
      if (!type) continue;
      const known = tables.get(type);
      const table = known ?? new WatchedTable();
      const changes = table.replace(resources);
      tables.set(type, table);
      const complete = !controlPlane?.identifier.endsWith(" incomplete");
      yield { event: "changes", type, version, complete, initial: known === undefined, size: table.size, ...changes };
      send(call, { typeUrl, versionInfo: version, responseNonce: nonce });
    }
  } finally {
    signal?.removeEventListener("abort", cancel);
    call.on("error", () => {}); // cancelling is reported as an error, to nobody
    call.cancel();
  }
}

/** The version in a type URL does not matter to the server. */
function typeUrlOf(type: TypeKey): string {
  return type.replace("/", "/v1/");
}

function send(call: ClientDuplexStream<Buffer, Buffer>, request: Parameters<typeof create<typeof DiscoveryRequestSchema>>[1]): void {
  const message: DiscoveryRequest = create(DiscoveryRequestSchema, request);
  call.write(Buffer.from(toBinary(DiscoveryRequestSchema, message)));
}

/** The reason alone: grpc-js wraps a refused connection into "No connection established. Last error: Error: … Resolution note: …". */
function describe(error: unknown): string {
  const { details, message } = error as Partial<ServiceError>;
  const text = details || message || String(error);
  return /Last error: (?:Error: )?(.+?)\.? Resolution note:/.exec(text)?.[1] ?? text;
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal?.aborted) done();
    else signal?.addEventListener("abort", done, { once: true });
  });
}
