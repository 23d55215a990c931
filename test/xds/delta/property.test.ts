/** Full state and delta together, on one source, under whatever may happen to their clients. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import {
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
  DiscoveryRequestSchema,
} from "../../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import type { EncodedObject } from "../../../src/snapshot/encode.ts";
import { acknowledgement, DeltaPeer, rejection } from "../../support/delta-peer.ts";
import { decodeDeltaResponse, decodeDiscoveryResponse } from "../../support/google-protobuf-decoder.ts";
import { type OpenStream, StreamRig, type StreamRigOptions } from "../../support/stream-rig.ts";
import { serviceEntries, serviceEntry } from "../../support/xds-rig.ts";

const typeUrl = "networking.istio.io/v1/ServiceEntry";
const objectUrl = "type.googleapis.com/istio.networking.v1alpha3.ServiceEntry";

/** A delta client that reads, answers and reconnects when it is told to. */
class PropertyClient {
  readonly peer = new DeltaPeer();
  readonly #rig: StreamRig;
  #open: OpenStream;
  #unanswered: DeltaDiscoveryResponse[] = [];

  constructor(rig: StreamRig) {
    this.#rig = rig;
    this.#open = rig.delta();
  }

  send(request: ReturnType<DeltaPeer["subscribe"]>): void {
    this.#open.stream.receive(toBinary(DeltaDiscoveryRequestSchema, request));
  }

  /** Takes the message that is on the wire; a stream that the server ended is opened again. */
  read(): boolean {
    if (this.#open.wire.ended) {
      // It may only be ended because what was sent to it is forgotten.
      assert.equal(this.#open.wire.ended.status, "UNAVAILABLE");
      this.reconnect();
    }
    const [message] = this.#open.wire.written;
    if (!message) return false;
    const response = fromBinary(DeltaDiscoveryResponseSchema, message.bytes);
    const independent = decodeDeltaResponse(message.bytes);
    assert.deepEqual(independent.removedResources, response.removedResources);
    for (const [index, { name, version, value }] of independent.resources.entries()) {
      const resource = response.resources[index]!;
      assert.deepEqual([name, version, Buffer.compare(value, resource.resource!.value)], [resource.name, resource.version, 0]);
    }
    this.peer.take(response);
    this.#unanswered.push(response);
    this.#open.wire.take();
    return true;
  }

  answer(reject = false): boolean {
    const response = this.#unanswered.shift();
    if (response) this.send(reject ? rejection(response, "no") : acknowledgement(response));
    return response !== undefined;
  }

  reconnect(forgetful = false): void {
    this.#open.close();
    this.#unanswered = [];
    if (forgetful) this.peer.forget();
    this.#open = this.#rig.delta();
    for (const request of this.peer.resume()) this.send(request);
  }
}

/** The same for full state: it holds what the last answer said. */
class FullStateClient {
  held = new Map<string, string>();
  readonly #open: OpenStream;
  #unanswered: string[] = [];

  constructor(rig: StreamRig) {
    this.#open = rig.sotw();
    this.#request("");
  }

  read(): boolean {
    const bytes = this.#open.wire.take();
    if (!bytes) return false;
    const { resources, nonce } = decodeDiscoveryResponse(bytes);
    this.held = new Map(resources.map(({ name, version }) => [name, version]));
    this.#unanswered.push(nonce);
    return true;
  }

  answer(): boolean {
    const nonce = this.#unanswered.shift();
    if (nonce !== undefined) this.#request(nonce);
    return nonce !== undefined;
  }

  #request(responseNonce: string): void {
    this.#open.stream.receive(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, { typeUrl, responseNonce })));
  }
}

const names = ["tributary/a", "tributary/b", "tributary/c", "other/a", "other/d"];
const name = fc.constantFrom(...names);
const pattern = fc.oneof({ weight: 3, arbitrary: name }, fc.constantFrom("*", "tributary/*", "other/*", "third/*", "tributary/absent"));
const client = fc.nat({ max: 2 });
const action = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("set" as const), name, revision: fc.nat({ max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("remove" as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("replace" as const), names: fc.subarray(names), revision: fc.nat({ max: 3 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("read" as const), client }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("answer" as const), client, reject: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("subscribe" as const), client, patterns: fc.uniqueArray(pattern, { maxLength: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("unsubscribe" as const), client, patterns: fc.uniqueArray(pattern, { maxLength: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reconnect" as const), client, forgetful: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat({ max: 2000 }) }) },
);
type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;

function entry(full: string, revision: number): EncodedObject {
  const [namespace, short] = full.split("/");
  return serviceEntry(short!, revision, 1, namespace);
}

function publish(rig: StreamRig, step: Action): void {
  if (step.do === "set") rig.store.publish({ upserts: [entry(step.name, step.revision)] });
  else if (step.do === "remove") rig.store.publish({ removals: [{ type: serviceEntries, name: step.name }] });
  else if (step.do === "replace") {
    const removals = names.map((each) => ({ type: serviceEntries, name: each }) as const);
    rig.store.publish({ removals, upserts: step.names.map((each) => entry(each, step.revision)) });
  }
}

/** Lets everybody read and answer until nothing moves any more. */
function settle(rig: StreamRig, clients: readonly { read(): boolean; answer(): boolean }[]): void {
  const drain = () => {
    let moved = false;
    for (const each of clients) while (each.read() || each.answer()) moved = true;
    return moved;
  };
  // Full state pauses for as long as its slowest acknowledgement took, which is less than this.
  while (drain()) rig.clock.advance(250_000);
}

function play(options: StreamRigOptions, url: string, steps: readonly Action[]): void {
  const rig = new StreamRig(options);
  const snapshot = () =>
    [...rig.store.current().table(serviceEntries).entries()].map((each): [string, string] => [each.name, each.version]);
  const clients = [new PropertyClient(rig), new PropertyClient(rig), new PropertyClient(rig)] as const;
  const full = new FullStateClient(rig);
  clients[0].send(clients[0].peer.subscribe(url));
  clients[1].send(clients[1].peer.subscribe(url, ["tributary/a", "other/*"]));
  for (const step of steps) {
    if (step.do === "read") clients[step.client as 0].read();
    else if (step.do === "answer") clients[step.client as 0].answer(step.reject);
    else if (step.do === "reconnect") clients[step.client as 0].reconnect(step.forgetful);
    else if (step.do === "wait") rig.clock.advance(step.ms);
    else if (step.do === "subscribe" || step.do === "unsubscribe") {
      const each = clients[step.client as 0];
      // A type's first request that only takes back would mean everything, too.
      each.send(step.do === "subscribe" ? each.peer.subscribe(url, step.patterns) : each.peer.unsubscribe(url, step.patterns));
    } else publish(rig, step);
  }
  const everybody = [...clients, full];
  settle(rig, everybody);
  assert.deepEqual(full.held, new Map(snapshot()));
  for (const { peer } of clients) {
    const wanted = snapshot().filter(([each]) => peer.covers(url, each));
    assert.deepEqual(peer.versions(url), Object.fromEntries(wanted));
  }
  const pushes = rig.observer.pushes.length;
  rig.clock.advance(3_600_000);
  assert.equal(rig.observer.pushes.length, pushes, "an idle mesh is told nothing");

  const before = clients.map(({ peer }) => ({ resources: peer.counts.resources, held: peer.versions(url) }));
  for (const each of clients) each.reconnect();
  settle(rig, everybody);
  const after = clients.map(({ peer }) => ({ resources: peer.counts.resources, held: peer.versions(url) }));
  assert.deepEqual(after, before, "who missed nothing is sent nothing");
  assert.equal(rig.feed.sweeps.size, 0, "nothing large is kept");
}

const steps = fc.array(action, { maxLength: 60, size: "max" });

test("whatever happens in whatever order, every client ends up with exactly what it asked for", () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(typeUrl, objectUrl), (each, url) => play({}, url, each)),
    { numRuns: 200 },
  );
});

test("the same when the state is divided into shards, and each forgets for itself", () => {
  fc.assert(
    fc.property(steps, fc.nat({ max: 3 }), (each, maxNames) => play({ shards: 3, changeLog: { maxNames } }, typeUrl, each)),
    { numRuns: 200 },
  );
});

test("the same when the change log forgets at once, and clients are told from what is there", () => {
  fc.assert(
    fc.property(steps, fc.nat({ max: 3 }), (each, maxNames) => play({ changeLog: { maxNames } }, typeUrl, each)),
    { numRuns: 200 },
  );
});

test("the same when names that left are forgotten as well, and streams must be opened again", () => {
  fc.assert(
    fc.property(steps, (each) => play({ changeLog: { maxNames: 1 }, feed: { maxDeparted: 1, maxFrameBytes: 1000 } }, typeUrl, each)),
    { numRuns: 200 },
  );
});
