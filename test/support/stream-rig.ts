/** The server's side of xDS streams without its sockets: time stands still, and messages are taken by hand. */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
} from "../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { silentLogger } from "../../src/log/logger.ts";
import type { ChangeLogLimits } from "../../src/snapshot/change-log.ts";
import { createStore, type Store } from "../../src/snapshot/sharded-store.ts";
import { DeltaFeed, type DeltaFeedLimits } from "../../src/xds/delta/feed.ts";
import { DeltaProtocol } from "../../src/xds/delta/protocol.ts";
import { type Dialect, DialectProtocol } from "../../src/xds/dialect.ts";
import { FirstAnswerGate } from "../../src/xds/first-answer.ts";
import { IncrementalProtocol } from "../../src/xds/incremental/protocol.ts";
import type { Protocol } from "../../src/xds/protocol.ts";
import { SotwProtocol } from "../../src/xds/sotw/protocol.ts";
import { LargeAnswers } from "../../src/xds/stream/large-answers.ts";
import { XdsStream } from "../../src/xds/stream/stream.ts";
import type { StreamContext } from "../../src/xds/stream/stream-context.ts";
import { FakeWire } from "./fake-wire.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { FakeCompleteness, RecordingObserver, xdsSettings } from "./xds-rig.ts";

export interface StreamRigOptions {
  readonly changeLog?: ChangeLogLimits;
  /** Stores that the state is divided into; the streams are served the whole. Default 1. */
  readonly shards?: number;
  readonly feed?: DeltaFeedLimits;
  readonly settings?: Partial<StreamContext["settings"]>;
  readonly complete?: boolean;
}

export class StreamRig {
  readonly clock = new VirtualClock();
  readonly observer = new RecordingObserver();
  readonly completeness: FakeCompleteness;
  readonly store: Store;
  readonly context: StreamContext;
  readonly feed: DeltaFeed;
  readonly #streams = new Set<XdsStream>();
  #count = 0;

  constructor({ changeLog = {}, shards = 1, feed, settings, complete = true }: StreamRigOptions = {}) {
    const { clock, observer } = this;
    this.completeness = new FakeCompleteness(complete);
    this.store = createStore(shards, { log: silentLogger, changeLog, now: () => clock.now() });
    const gate = new FirstAnswerGate(this.completeness, xdsSettings.initialSync, async () => "warm", { clock, log: silentLogger });
    this.context = {
      shard: 0,
      source: this.store,
      gate,
      settings: { ...xdsSettings, ...settings },
      clock,
      observer,
      log: silentLogger,
      largeAnswers: new LargeAnswers(silentLogger),
      debugPages: (name) => (name === "list" ? '["list"]' : undefined),
      identity: "tributary/test",
    };
    this.feed = new DeltaFeed(this.store, feed);
    const wakeAll = () => {
      for (const stream of [...this.#streams]) stream.wake();
    };
    this.store.subscribe(wakeAll);
  }

  sotw(): OpenStream {
    return this.#open((nonces) => new SotwProtocol(nonces, this.context));
  }

  delta(): DeltaStream {
    return new DeltaStream(this.#open((nonces) => new DeltaProtocol(nonces, this.context, this.feed)));
  }

  /** A stream of `StreamAggregatedResources`, on a port that speaks `dialect` by itself. */
  aggregated(dialect: Dialect): OpenStream {
    const { context, feed } = this;
    return this.#open((nonces) => {
      const speak = (spoken: Dialect) =>
        spoken === "sotw" ? new SotwProtocol(nonces, context) : new IncrementalProtocol(nonces, context, feed);
      return new DialectProtocol({ port: dialect, speak, log: silentLogger });
    });
  }

  #open(speak: (nonces: string) => Protocol): OpenStream {
    this.#count += 1;
    const wire = new FakeWire();
    const stream = new XdsStream(this.#count, wire, speak(`test-${this.#count}`), this.context);
    this.#streams.add(stream);
    const close = () => {
      this.#streams.delete(stream);
      stream.gone();
    };
    return { stream, wire, close };
  }
}

export interface OpenStream {
  readonly stream: XdsStream;
  readonly wire: FakeWire;
  /** The client is gone. */
  close(): void;
}

/** A client's end of a delta stream that does what a test tells it to, also what no client should. */
export class DeltaStream implements OpenStream {
  readonly stream: XdsStream;
  readonly wire: FakeWire;
  readonly close: () => void;

  constructor({ stream, wire, close }: OpenStream) {
    this.stream = stream;
    this.wire = wire;
    this.close = close;
  }

  request(request: MessageInitShape<typeof DeltaDiscoveryRequestSchema>): void {
    this.stream.receive(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, request)));
  }

  /** The message that is being written, if there is one. */
  read(): DeltaDiscoveryResponse | undefined {
    const bytes = this.wire.take();
    return bytes && fromBinary(DeltaDiscoveryResponseSchema, bytes);
  }

  /** Everything that can be read without another word of the client, acknowledged. */
  readAll(): DeltaDiscoveryResponse[] {
    const responses: DeltaDiscoveryResponse[] = [];
    for (let response = this.read(); response; response = this.read()) {
      responses.push(response);
      this.acknowledge(response);
    }
    return responses;
  }

  acknowledge({ typeUrl, nonce: responseNonce }: DeltaDiscoveryResponse): void {
    this.request({ typeUrl, responseNonce });
  }
}
