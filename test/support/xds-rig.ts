/** A running XdsServer on an ephemeral port over a store of its own, and what it reported. */
import { create } from "@bufbuild/protobuf";
import { ServiceEntrySchema } from "../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { type EncodedObject, encodeObject } from "../../src/snapshot/encode.ts";
import { createStore, type Store } from "../../src/snapshot/sharded-store.ts";
import type { Completeness } from "../../src/xds/first-answer.ts";
import { XdsServer, type XdsServerOptions, type XdsSettings } from "../../src/xds/port/server.ts";
import type { AnswerEvent, PushEvent, XdsObserver } from "../../src/xds/stream/observer.ts";

export const xdsSettings: XdsSettings = {
  address: "127.0.0.1",
  port: 0,
  maxStreams: 20,
  maxRequestBytes: 1024 * 1024,
  maxTypes: 40,
  maxNames: 1000,
  pacing: { perMegabyte: 25, ackWarning: 60_000, ackTimeout: 300_000 },
  initialSync: { timeout: 60_000, onTimeout: "serve", istiodPorts: [], istiodHttpPorts: [] },
};

export const serviceEntries = "networking.istio.io/ServiceEntry";

/** A ServiceEntry "NAMESPACE/NAME" whose content depends on `revision`. */
export function serviceEntry(name: string, revision = 1, endpoints = 1, namespace = "tributary"): EncodedObject {
  const spec = create(ServiceEntrySchema, {
    hosts: [`${name}.dubbo`],
    addresses: ["241.1.2.3"],
    location: 1,
    resolution: 1,
    ports: [{ number: 20880, name: "tcp-dubbo", protocol: "TCP" }],
    endpoints: Array.from({ length: endpoints }, (_, index) => ({
      address: `10.${revision % 256}.${index >> 8}.${index & 255}`,
      ports: { "tcp-dubbo": 20880 },
      labels: { application: "shop", revision: `${revision}` },
    })),
  });
  return encodeObject({ kind: "ServiceEntry", namespace, name, labels: {}, annotations: {}, spec }, Date.now());
}

export class FakeCompleteness implements Completeness {
  #complete: boolean;
  readonly #callbacks = new Set<() => void>();

  constructor(complete: boolean) {
    this.#complete = complete;
  }

  isComplete(): boolean {
    return this.#complete;
  }

  whenComplete(callback: () => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  /** As when a required registry is added. */
  incomplete(): void {
    this.#complete = false;
  }

  complete(): void {
    this.#complete = true;
    for (const callback of [...this.#callbacks]) callback();
    this.#callbacks.clear();
  }
}

export class RecordingObserver implements XdsObserver {
  readonly opened: number[] = [];
  readonly closed: string[] = [];
  readonly pushes: PushEvent[] = [];
  readonly acks: AnswerEvent[] = [];
  readonly nacks: string[] = [];
  readonly unacked: AnswerEvent[] = [];
  requests = 0;
  readonly #waiting = new Set<() => void>();

  /** Resolves as soon as the condition holds; looks at it after every event. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  onStreamOpen(client: { stream: number }): void {
    this.opened.push(client.stream);
    this.#happened();
  }
  onStreamClose(_client: unknown, reason: string): void {
    this.closed.push(reason);
    this.#happened();
  }
  onRequest(): void {
    this.requests += 1;
    this.#happened();
  }
  onPush(event: PushEvent): void {
    this.pushes.push(event);
    this.#happened();
  }
  onAck(event: AnswerEvent): void {
    this.acks.push(event);
    this.#happened();
  }
  onNack(_client: unknown, _type: unknown, message: string): void {
    this.nacks.push(message);
    this.#happened();
  }
  onUnacked(event: AnswerEvent): void {
    this.unacked.push(event);
    this.#happened();
  }

  #happened(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export interface XdsRig extends AsyncDisposable {
  readonly store: Store;
  readonly completeness: FakeCompleteness;
  readonly observer: RecordingObserver;
  readonly server: XdsServer;
  /** Of the first port. */
  readonly target: string;
  readonly port: number;
  /** By shard. */
  readonly targets: readonly string[];
  readonly incrementalPort: number | undefined;
}

export async function startXds(
  options: Partial<Omit<XdsServerOptions, "settings" | "source">> & {
    settings?: Partial<XdsSettings>;
    store?: Store;
    /** Default 1. */
    shards?: number;
    complete?: boolean;
  } = {},
): Promise<XdsRig> {
  const { shards = 1, store = createStore(shards, { log: silentLogger }), ...rest } = options;
  const completeness = new FakeCompleteness(options.complete ?? true);
  const observer = new RecordingObserver();
  const server = new XdsServer({
    log: silentLogger,
    identity: "tributary/test",
    ...rest,
    source: store,
    completeness,
    observer,
    settings: { ...xdsSettings, ...options.settings },
  });
  const { port, ports, incrementalPort } = await server.listen();
  const targets = ports.map((each) => `127.0.0.1:${each}`);
  return {
    store,
    completeness,
    observer,
    server,
    port,
    target: targets[0]!,
    targets,
    incrementalPort,
    [Symbol.asyncDispose]: () => server.close(),
  };
}
