/**
 * The xDS server: a port for every shard of the state, one for increments of the whole, and an `XdsStream` for every
 * stream. Connections
 * come in through a listener of our own, so that their number is limited, and that closing takes as long
 * as it may and no longer.
 */
import { randomBytes } from "node:crypto";
import { Server as GrpcServer, ServerCredentials, type ServerDuplexStream, type ServerOptions, status } from "@grpc/grpc-js";
import { Access, type AccessOptions } from "../../access/access.ts";
import { isLoopback } from "../../config/rules/loopback.ts";
import type { XdsConfig } from "../../config/schema.ts";
import type { Logger } from "../../log/logger.ts";
import type { ShardedSource, SnapshotSource } from "../../snapshot/snapshot.ts";
import { type Clock, systemClock } from "../clock.ts";
import { DeltaFeed } from "../delta/feed.ts";
import { DeltaProtocol } from "../delta/protocol.ts";
import { type Dialect, DialectProtocol } from "../dialect.ts";
import { type Completeness, FirstAnswerGate } from "../first-answer.ts";
import { IncrementalProtocol } from "../incremental/protocol.ts";
import type { Protocol } from "../protocol.ts";
import type { DebugPages } from "../sotw/debug-answer.ts";
import { SotwProtocol } from "../sotw/protocol.ts";
import type { ClientView } from "../stream/client-view.ts";
import { LargeAnswers } from "../stream/large-answers.ts";
import { NameLedger } from "../stream/name-ledger.ts";
import { silentObserver, type XdsObserver } from "../stream/observer.ts";
import { XdsStream } from "../stream/stream.ts";
import type { StreamContext } from "../stream/stream-context.ts";
import type { EndStatus, Transport } from "../stream/transport.ts";
import { discoveryService } from "./discovery-service.ts";
import { goAwayFrames } from "./go-away.ts";
import { probeIstiod } from "./istiod-probe.ts";
import { Listener } from "./listener.ts";
import { http2StreamOf, type Sender, senderFor } from "./send.ts";

type Call = ServerDuplexStream<Buffer, Buffer>;

/** What the server reads of the configuration; the ports may be 0 for tests. The shards are those of the source. */
export type XdsSettings = Omit<XdsConfig, "port" | "shards" | "incrementalPort"> & {
  readonly port: number;
  readonly incrementalPort?: number | undefined;
};

export interface XdsServerOptions {
  /** Each of its shards gets a port. */
  readonly source: ShardedSource;
  readonly settings: XdsSettings;
  readonly completeness: Completeness;
  readonly log: Logger;
  readonly observer?: XdsObserver;
  /** Names this server in every response, such as `tributary/0.1.0`. */
  readonly identity: string;
  readonly clock?: Clock;
  /** What `istioctl x internal-debug` shows; default: nothing. */
  readonly debugPages?: DebugPages;
  /** Detection of half-open connections, in ms; default 30 s and 10 s. */
  readonly keepalive?: { readonly time: number; readonly timeout: number };
  /** Counts refused connections, and shortens waiting times for tests. */
  readonly access?: Pick<AccessOptions, "onRefused" | "handshakeTimeout" | "files">;
  /** Connections beyond the streams, over all ports; default 1000: few enough for our file descriptors. */
  readonly spareConnections?: number;
  /** How long a connection's first words, and a stream's first request, may take, in ms; default 10 s. */
  readonly silence?: number;
  /** How bytes leave; default: the fastest way that this grpc-js allows. */
  readonly sender?: (call: Call) => Sender;
}

/** Streams of one connection beyond our own limit, so that a client is told of it instead of left waiting. */
const spareStreams = 50;
/** See `XdsServerOptions.silence`. */
const defaultSilence = 10_000;
/** A connection without a stream is closed after this time, in ms. */
const idleConnection = 300_000;
/** A client has this long to take the status of a stream that we ended, in ms. */
const farewell = 2_000;
/** Open streams have this long to take their status when the server closes, in ms. */
const closingGrace = 100;

/** What the server listens on. */
export interface XdsListening {
  readonly address: string;
  /** The first of `ports`. */
  readonly port: number;
  /** By shard. */
  readonly ports: readonly number[];
  /** See `xds.incrementalPort`. */
  readonly incrementalPort: number | undefined;
}

interface DoorOptions {
  readonly source: SnapshotSource;
  /** See `ClientIdentity.shard`. */
  readonly shard: number;
  readonly port: number;
  /** See `ListenerOptions.setting`. */
  readonly setting: string;
  /** What its streams speak by themselves. */
  readonly dialect: Dialect;
}

/** A port with what is served there. */
interface Door {
  readonly context: StreamContext;
  readonly delta: DeltaFeed;
  readonly grpc: GrpcServer;
  readonly listener: Listener;
  readonly streams: Set<XdsStream>;
}

export class XdsServer {
  readonly #options: XdsServerOptions;
  readonly #gate: FirstAnswerGate;
  /** One for every shard, then the one for increments, if any. */
  readonly #doors: readonly Door[];
  readonly #names: NameLedger;
  readonly #largeAnswers: LargeAnswers;
  readonly #process = randomBytes(4).toString("hex");
  readonly #subscriptions: (() => void)[] = [];
  #streamCount = 0;
  #closing: Promise<void> | undefined;

  constructor(options: XdsServerOptions) {
    const { source, settings, completeness, log, clock = systemClock } = options;
    this.#options = options;
    this.#names = new NameLedger(3 * settings.maxNames);
    this.#largeAnswers = new LargeAnswers(log);
    this.#gate = new FirstAnswerGate(completeness, settings.initialSync, () => probeIstiod(settings.initialSync), { clock, log });
    const { port, incrementalPort } = settings;
    this.#doors = source.shards.map((shard, index) => this.#shard(shard, index, port));
    if (incrementalPort === undefined) return;
    const incremental = { source, shard: 0, port: incrementalPort, setting: "xds.incrementalPort", dialect: "incremental" } as const;
    this.#doors = [...this.#doors, this.#door(incremental)];
  }

  /** Opens the ports of all shards, or none. @throws TributaryError BIND_UNSAFE, TLS_UNUSABLE, BIND_IN_USE, BIND_FAILED */
  async listen(): Promise<XdsListening> {
    const { settings, access: accessOptions, log } = this.#options;
    const { address, tls } = settings;
    const access = new Access({ ...accessOptions, server: "xds", address, tls, protocols: ["h2"], log, farewell: goAwayFrames });
    this.#subscriptions.push(() => access.close());
    const bound: { address: string; port: number }[] = [];
    try {
      for (const { listener } of this.#doors) bound.push(await listener.listen(access));
    } catch (error) {
      await this.close();
      throw error;
    }
    for (const { context, streams } of this.#doors) {
      this.#subscriptions.push(context.source.subscribe(() => wake(streams)));
    }
    const all = bound.map(({ port }) => port);
    const ports = all.slice(0, this.#options.source.shards.length);
    return { address: bound[0]!.address, port: ports[0]!, ports, incrementalPort: all[ports.length] };
  }

  /** Ends every stream and connection, within 500 ms. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  clients(): ClientView[] {
    return this.#doors.flatMap(({ streams }) => [...streams].map((stream) => stream.view()));
  }

  #shard(source: SnapshotSource, index: number, first: number): Door {
    const setting = index === 0 ? "xds.port" : `xds.port ${first} + ${index}, of ${this.#options.source.shards.length} xds.shards`;
    return this.#door({ source, shard: index, port: first === 0 ? 0 : first + index, setting, dialect: "sotw" });
  }

  #door({ source, shard, port, setting, dialect }: DoorOptions): Door {
    const { settings, log, identity, observer = silentObserver, clock = systemClock, debugPages = () => undefined } = this.#options;
    const grpc = new GrpcServer(this.#channelOptions());
    const connections = grpc.createConnectionInjector(ServerCredentials.createInsecure());
    const listener = new Listener({
      address: settings.address,
      port,
      setting,
      maxConnections: settings.maxStreams + Math.ceil((this.#options.spareConnections ?? 1_000) / this.#options.source.shards.length),
      silence: this.#options.silence ?? defaultSilence,
      onConnection: (socket) => connections.injectConnection(socket),
      log,
    });
    const context = {
      shard,
      source,
      gate: this.#gate,
      settings,
      clock,
      observer,
      log,
      identity,
      largeAnswers: this.#largeAnswers,
      debugPages,
    };
    const delta = new DeltaFeed(source);
    const door = { context, delta, grpc, listener, streams: new Set<XdsStream>() };
    const aggregated = (nonces: string) => {
      const speak = (spoken: Dialect) =>
        spoken === "sotw" ? new SotwProtocol(nonces, context) : new IncrementalProtocol(nonces, context, delta);
      return new DialectProtocol({ port: dialect, speak, log });
    };
    grpc.addService(discoveryService, {
      StreamAggregatedResources: (call: Call) => this.#accept(call, door, aggregated),
      DeltaAggregatedResources: (call: Call) => this.#accept(call, door, (nonces) => new DeltaProtocol(nonces, context, delta)),
    });
    return door;
  }

  #channelOptions(): ServerOptions {
    const { settings, keepalive } = this.#options;
    const { time = 30_000, timeout = 10_000 } = keepalive ?? {};
    return {
      "grpc.max_receive_message_length": settings.maxRequestBytes,
      "grpc.max_send_message_length": -1,
      "grpc.keepalive_time_ms": time,
      "grpc.keepalive_timeout_ms": timeout,
      "grpc.max_connection_idle_ms": idleConnection,
      "grpc.max_concurrent_streams": settings.maxStreams + spareStreams,
      "grpc.enable_channelz": 0,
    };
  }

  async #close(): Promise<void> {
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    this.#gate.close();
    const drained = Promise.all(this.#doors.map(({ listener }) => listener.drain()));
    for (const { streams } of this.#doors) for (const stream of [...streams]) stream.end("UNAVAILABLE", "the server is shutting down");
    if (this.#doors.some(({ listener }) => listener.connections > 0)) {
      await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, closingGrace))]);
    }
    for (const { grpc, listener, delta } of this.#doors) {
      delta.close();
      grpc.forceShutdown();
      listener.destroyConnections();
    }
    await drained;
  }

  /** @param speak given what makes the stream's nonces unique */
  #accept(call: Call, door: Door, speak: (nonces: string) => Protocol): void {
    const { maxStreams } = this.#options.settings;
    if (this.#closing) endCall(call, status.UNAVAILABLE, "the server is shutting down");
    else if (this.#doors.reduce((sum, { streams }) => sum + streams.size, 0) < maxStreams) this.#open(call, door, speak);
    else endCall(call, status.RESOURCE_EXHAUSTED, `more than ${maxStreams} streams at a time (xds.maxStreams)`);
  }

  #open(call: Call, { context, listener, streams }: Door, speak: (nonces: string) => Protocol): void {
    this.#streamCount += 1;
    const sender = (this.#options.sender ?? senderFor)(call);
    const protocol = speak(`${this.#process}-${this.#streamCount}`);
    const stream = new XdsStream(this.#streamCount, transportOf(call, sender), protocol, context);
    streams.add(stream);
    const release = listener.streamOpened(call.getPeer());
    const tooLate = () => stream.end("DEADLINE_EXCEEDED", "the first request did not come in time");
    const cancelTimer = context.clock.schedule(this.#options.silence ?? defaultSilence, tooLate);
    const gone = () => {
      cancelTimer();
      if (streams.delete(stream)) release();
      this.#names.leave(stream);
      stream.gone();
    };
    call.once("data", cancelTimer);
    call.on("data", (bytes: Buffer) => {
      stream.receive(bytes);
      if (this.#names.keep(stream, protocol.names)) return;
      stream.end("RESOURCE_EXHAUSTED", `more than ${this.#names.limit} resource names over all streams (three times xds.maxNames)`);
    });
    // A cancelled stream ends as well, and says a little later that it was cancelled.
    call.once("end", () => setImmediate(() => stream.end("OK", "the client closed the stream")));
    for (const event of ["cancelled", "close", "error"]) call.on(event, gone);
  }
}

/** A stream that is woken may end, and leave the set. */
function wake(streams: ReadonlySet<XdsStream>): void {
  for (const stream of [...streams]) stream.wake();
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
