/** A running XdsServer on an ephemeral port over a snapshot in memory, and what it reported. */
import { silentLogger } from "../../src/log/logger.ts";
import type { Completeness } from "../../src/xds/first-answer.ts";
import type { AnswerEvent, PushEvent, XdsObserver } from "../../src/xds/observer.ts";
import { XdsServer, type XdsServerOptions, type XdsSettings } from "../../src/xds/server.ts";
import { MemorySource } from "./memory-source.ts";

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

  onStreamOpen(client: { stream: number }): void {
    this.opened.push(client.stream);
  }
  onStreamClose(_client: unknown, reason: string): void {
    this.closed.push(reason);
  }
  onRequest(): void {
    this.requests += 1;
  }
  onPush(event: PushEvent): void {
    this.pushes.push(event);
  }
  onAck(event: AnswerEvent): void {
    this.acks.push(event);
  }
  onNack(_client: unknown, _type: unknown, message: string): void {
    this.nacks.push(message);
  }
  onUnacked(event: AnswerEvent): void {
    this.unacked.push(event);
  }
}

export interface XdsRig extends AsyncDisposable {
  readonly source: MemorySource;
  readonly completeness: FakeCompleteness;
  readonly observer: RecordingObserver;
  readonly server: XdsServer;
  readonly target: string;
  readonly port: number;
}

export async function startXds(
  options: Partial<Omit<XdsServerOptions, "settings">> & {
    settings?: Partial<XdsSettings>;
    source?: MemorySource;
    complete?: boolean;
  } = {},
): Promise<XdsRig> {
  const source = options.source ?? new MemorySource();
  const completeness = new FakeCompleteness(options.complete ?? true);
  const observer = new RecordingObserver();
  const server = new XdsServer({
    log: silentLogger,
    identity: "tributary/test",
    ...options,
    source,
    completeness,
    observer,
    settings: { ...xdsSettings, ...options.settings },
  });
  const { port } = await server.listen();
  return { source, completeness, observer, server, port, target: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => server.close() };
}
