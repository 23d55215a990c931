/**
 * Follows a running server as a client: what `tributary watch` prints. It holds what it was told, and says
 * what changed. An answer is acknowledged when its changes were taken, so a slow reader is sent the net
 * difference later instead of being queued for.
 */
import { type ChannelCredentials, Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { TributaryError } from "../../errors/tributary-error.ts";
import { ownedTypes, type TypeKey } from "../../snapshot/snapshot.ts";
import { type WatchedAnswer, type WatchedTables, type WatchProtocol, watchDelta, watchSotw } from "./watch-protocol.ts";

export interface WatchOptions {
  /** `host:port` of the server. */
  readonly target: string;
  /** Default: all types that Tributary serves. */
  readonly types?: readonly TypeKey[];
  /** Default `delta`: changes only, also after a reconnect. `sotw`: full state in every answer. */
  readonly protocol?: "delta" | "sotw";
  /** For a server with TLS; PEM. Absent: plain text. */
  readonly tls?: { readonly ca?: string | undefined; readonly cert?: string | undefined; readonly key?: string | undefined } | undefined;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
  /** First waiting time before a reconnect, in ms; it doubles up to 16 times that. Default 500. */
  readonly reconnectAfter?: number;
}

export type WatchEvent =
  | ({ readonly event: "changes" } & WatchedAnswer)
  /** What was seen stays; the next connection tells the difference. */
  | { readonly event: "disconnected"; readonly reason: string; readonly retryInMs: number };

/** Largest answer, in bytes; a larger one ends the stream. */
const maxAnswer = 1024 * 1024 * 1024;

/**
 * Connections after the first answer are tried again without limit.
 *
 * @throws TributaryError NOT_RUNNING when there is no first answer, ACCESS_DENIED when the server refuses the certificate,
 *   DELTA_UNSUPPORTED when it knows full state only
 */
export async function* watch(options: WatchOptions): AsyncGenerator<WatchEvent, void> {
  const { types = ownedTypes, signal, reconnectAfter = 500 } = options;
  const protocol = options.protocol === "sotw" ? watchSotw : watchDelta;
  const tables: WatchedTables = new Map();
  let wait = reconnectAfter;
  let everConnected = false;
  while (!signal?.aborted) {
    const client = new Client(options.target, channelCredentials(options.tls), {
      "grpc.max_receive_message_length": maxAnswer,
      "grpc-node.flow_control_window": 1024 * 1024,
      "grpc.use_local_subchannel_pool": 1,
    });
    const abort = () => client.close();
    signal?.addEventListener("abort", abort, { once: true });
    let reason = "the server closed the stream";
    try {
      for await (const event of follow(client, protocol, types, tables, signal)) {
        everConnected = true;
        wait = reconnectAfter;
        yield event;
      }
    } catch (error) {
      if (protocol === watchDelta && (error as Partial<ServiceError>).code === status.UNIMPLEMENTED)
        throw unsupported(options.target, error);
      if (!everConnected && (error as Partial<ServiceError>).code === status.PERMISSION_DENIED) throw denied(options.target, error);
      reason = describe(error);
    } finally {
      signal?.removeEventListener("abort", abort);
      client.close();
    }
    if (signal?.aborted) return;
    if (!everConnected) {
      throw new TributaryError("NOT_RUNNING", `no server answers at ${options.target}: ${reason}`, {
        hint: "start one with `tributary serve`; one with xds.tls wants a client certificate: --tls-ca, --tls-cert, --tls-key",
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
  protocol: WatchProtocol,
  types: readonly TypeKey[],
  tables: WatchedTables,
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchEvent, void> {
  const { path, requestSerialize, responseDeserialize } = protocol.method;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const cancel = () => call.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    for (const [index, type] of types.entries()) {
      call.write(protocol.ask(type, tables, index === 0 ? { id: `tributary-watch~${process.pid}` } : undefined));
    }
    for await (const bytes of call as AsyncIterable<Buffer>) {
      const taken = protocol.take(bytes, tables);
      if (!taken) continue;
      yield { event: "changes", ...taken.answer };
      call.write(taken.acknowledgement);
    }
  } finally {
    signal?.removeEventListener("abort", cancel);
    call.on("error", () => {}); // cancelling is reported as an error, to nobody
    call.cancel();
  }
}

function channelCredentials(tls: WatchOptions["tls"]): ChannelCredentials {
  if (!tls) return credentials.createInsecure();
  const [ca, key, cert] = [tls.ca, tls.key, tls.cert].map((pem) => (pem === undefined ? null : Buffer.from(pem)));
  return credentials.createSsl(ca, key, cert);
}

function denied(target: string, cause: unknown): TributaryError {
  return new TributaryError("ACCESS_DENIED", `the server at ${target} refuses the client certificate, or the lack of one`, {
    hint: "its log says who came and why; --tls-cert must hold one that xds.tls.allow names",
    cause,
  });
}

/** Said instead of falling back: full state costs the server and the network a hundred times as much. */
function unsupported(target: string, cause: unknown): TributaryError {
  return new TributaryError("DELTA_UNSUPPORTED", `the server at ${target} does not speak delta xDS`, {
    hint: "follow its full state with --sotw",
    cause,
  });
}

/**
 * The reason alone: grpc-js wraps a refused connection into "No connection established. Last error: Error: … Resolution
 * note: …", and OpenSSL its own into "THREAD:error:NUMBER:SSL routines:FUNCTION:REASON:FILE:LINE:".
 */
function describe(error: unknown): string {
  const { details, message } = error as Partial<ServiceError>;
  const text = details || message || String(error);
  const [, reason = text] = /Last error: (?:Error: )?(.+?)\.?\s+Resolution note:/s.exec(text) ?? [];
  const [, tls] = /:SSL routines:[^:]*:([^:]+):/.exec(reason) ?? [];
  return tls === undefined ? reason : `no TLS handshake: ${tls}`;
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
