/**
 * The xDS server: accepts connections on loopback, and gives every stream to an `XdsStream`.
 * Connections come in through a plain `net.Server`, so that their number is limited, and that
 * closing takes as long as it may and no longer.
 */
import { randomBytes } from "node:crypto";
import { type AddressInfo, createServer, type Socket, type Server as TcpServer } from "node:net";
import { Server as GrpcServer, ServerCredentials, type ServerDuplexStream, status } from "@grpc/grpc-js";
import { isLoopback } from "../config/loopback.ts";
import type { XdsConfig } from "../config/schema.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import type { Logger } from "../log/logger.ts";
import type { SnapshotSource } from "../snapshot/snapshot.ts";
import type { ClientView } from "./client-view.ts";
import { type Clock, systemClock } from "./clock.ts";
import { discoveryService } from "./discovery-service.ts";
import { type Completeness, FirstAnswerGate } from "./first-answer.ts";
import { probeIstiod } from "./istiod-probe.ts";
import { silentObserver, type XdsObserver } from "./observer.ts";
import { http2StreamOf, type Sender, senderFor } from "./send.ts";
import { type StreamContext, XdsStream } from "./stream.ts";
import type { EndStatus, Transport } from "./transport.ts";

type Call = ServerDuplexStream<Buffer, Buffer>;

/** What the server reads of the configuration; the port may be 0 for tests. */
export type XdsSettings = Omit<XdsConfig, "port"> & { readonly port: number };

export interface XdsServerOptions {
  readonly source: SnapshotSource;
  readonly settings: XdsSettings;
  readonly completeness: Completeness;
  readonly log: Logger;
  readonly observer?: XdsObserver;
  /** Names this server in every response, such as `tributary/0.1.0`. */
  readonly identity: string;
  readonly clock?: Clock;
  /** Detection of half-open connections, in ms; default 30 s and 10 s. */
  readonly keepalive?: { readonly time: number; readonly timeout: number };
  /** How bytes leave; default: the fastest way that this grpc-js allows. */
  readonly sender?: (call: Call) => Sender;
}

/** Connections beyond the streams: silent ones must not easily keep istiod out, nor use up our file descriptors. */
const spareConnections = 1_000;
/** Streams of one connection beyond our own limit, so that a client is told of it instead of left waiting. */
const spareStreams = 50;
/** A connection without a stream is closed after this time, in ms. */
const idleConnection = 300_000;
/** A client has this long to take the status of a stream that we ended, in ms. */
const farewell = 2_000;
/** Open streams have this long to take their status when the server closes, in ms. */
const closingGrace = 100;

export class XdsServer {
  readonly #options: XdsServerOptions;
  readonly #log: Logger;
  readonly #gate: FirstAnswerGate;
  readonly #context: StreamContext;
  readonly #grpc: GrpcServer;
  readonly #tcp: TcpServer;
  readonly #sockets = new Set<Socket>();
  readonly #streams = new Set<XdsStream>();
  readonly #process = randomBytes(4).toString("hex");
  readonly #subscriptions: (() => void)[] = [];
  #streamCount = 0;
  #closing: Promise<void> | undefined;

  constructor(options: XdsServerOptions) {
    const { source, settings, completeness, log, identity, observer = silentObserver, clock = systemClock } = options;
    this.#options = options;
    this.#log = log;
    this.#gate = new FirstAnswerGate(completeness, settings.initialSync, () => probeIstiod(settings.initialSync), { clock, log });
    this.#context = { source, gate: this.#gate, settings, clock, observer, log, identity };
    const { time = 30_000, timeout = 10_000 } = options.keepalive ?? {};
    this.#grpc = new GrpcServer({
      "grpc.max_receive_message_length": settings.maxRequestBytes,
      "grpc.max_send_message_length": -1,
      "grpc.keepalive_time_ms": time,
      "grpc.keepalive_timeout_ms": timeout,
      "grpc.max_connection_idle_ms": idleConnection,
      "grpc.max_concurrent_streams": settings.maxStreams + spareStreams,
      "grpc.enable_channelz": 0,
    });
    this.#grpc.addService(discoveryService, {
      StreamAggregatedResources: (call: Call) => this.#accept(call),
      DeltaAggregatedResources: (call: Call) =>
        endCall(call, status.UNIMPLEMENTED, "delta xDS is not served yet; use StreamAggregatedResources"),
    });
    const connections = this.#grpc.createConnectionInjector(ServerCredentials.createInsecure());
    this.#tcp = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      connections.injectConnection(socket);
    });
    this.#tcp.maxConnections = settings.maxStreams + spareConnections;
  }

  /** @throws TributaryError BIND_UNSAFE, BIND_IN_USE */
  async listen(): Promise<{ address: string; port: number }> {
    const { address, port } = this.#options.settings;
    const host = address === "localhost" ? "127.0.0.1" : address;
    if (!isLoopback(host)) {
      throw new TributaryError("BIND_UNSAFE", `xds.address ${address} is reachable from outside`, {
        hint: "the xDS port has no authentication; use 127.0.0.1 or ::1",
      });
    }
    await listening(this.#tcp, host, port);
    this.#tcp.on("error", (error) => this.#log.error({ err: error }, "xDS listener failed"));
    const { source, completeness } = this.#options;
    const wakeAll = () => {
      for (const stream of [...this.#streams]) stream.wake();
    };
    this.#subscriptions.push(source.subscribe(wakeAll));
    if (!completeness.isComplete()) this.#subscriptions.push(completeness.whenComplete(wakeAll));
    const bound = this.#tcp.address() as AddressInfo;
    return { address: bound.address, port: bound.port };
  }

  /** Ends every stream and connection, within 500 ms. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  clients(): ClientView[] {
    return [...this.#streams].map((stream) => stream.view());
  }

  async #close(): Promise<void> {
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    this.#gate.close();
    const stopped = new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
    for (const stream of [...this.#streams]) stream.end("UNAVAILABLE", "the server is shutting down");
    if (this.#sockets.size > 0) await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, closingGrace))]);
    this.#grpc.forceShutdown();
    for (const socket of this.#sockets) socket.destroy();
    if (this.#tcp.listening) await stopped;
  }

  #accept(call: Call): void {
    const { maxStreams } = this.#options.settings;
    if (this.#closing) endCall(call, status.UNAVAILABLE, "the server is shutting down");
    else if (this.#streams.size < maxStreams) this.#open(call);
    else endCall(call, status.RESOURCE_EXHAUSTED, `more than ${maxStreams} streams at a time (xds.maxStreams)`);
  }

  #open(call: Call): void {
    this.#streamCount += 1;
    const sender = (this.#options.sender ?? senderFor)(call);
    const stream = new XdsStream(this.#streamCount, `${this.#process}-${this.#streamCount}`, transportOf(call, sender), this.#context);
    this.#streams.add(stream);
    const gone = () => {
      this.#streams.delete(stream);
      stream.gone();
    };
    call.on("data", (bytes: Buffer) => stream.receive(bytes));
    // A cancelled stream ends as well, and says a little later that it was cancelled.
    call.once("end", () => setImmediate(() => stream.end("OK", "the client closed the stream")));
    for (const event of ["cancelled", "close", "error"]) call.on(event, gone);
  }
}

function transportOf(call: Call, sender: Sender): Transport {
  const peer = call.getPeer();
  return {
    peer,
    onLoopback: isLoopback(peer.slice(0, peer.lastIndexOf(":"))),
    send: (pieces, done) => sender.send(pieces, done),
    end: (name: EndStatus, reason) => endCall(call, status[name], reason),
  };
}

/** Ends a call with a status, and its stream a little later, whether or not the client took the status. */
function endCall(call: Call, code: number, details: string): void {
  call.pause();
  const stream = http2StreamOf(call);
  if (code === status.OK) call.end();
  else call.emit("error", { code, details });
  if (!stream || stream.closed) return;
  const reaper = setTimeout(() => stream.close(code === status.OK ? 0 : 8 /* CANCEL */), farewell);
  reaper.unref();
  stream.once("close", () => clearTimeout(reaper));
}

function listening(server: TcpServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") return reject(error);
      const hint = "stop what listens there, or choose another port with xds.port";
      reject(new TributaryError("BIND_IN_USE", `xds.port ${port} on ${host} is taken by another process`, { hint, cause: error }));
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}
