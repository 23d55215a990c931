import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import {
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from "../../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { SidecarSchema } from "../../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import { encodeObject } from "../../../src/snapshot/encode.ts";
import type { TypeKey } from "../../../src/snapshot/snapshot.ts";
import { SnapshotStore } from "../../../src/snapshot/store.ts";
import { FirstAnswerGate } from "../../../src/xds/first-answer.ts";
import { SotwProtocol } from "../../../src/xds/sotw/protocol.ts";
import { LargeAnswers } from "../../../src/xds/stream/large-answers.ts";
import { XdsStream } from "../../../src/xds/stream/stream.ts";
import type { StreamContext } from "../../../src/xds/stream/stream-context.ts";
import { FakeWire } from "../../support/fake-wire.ts";
import { decodeDiscoveryResponse } from "../../support/google-protobuf-decoder.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";
import { istiodNode } from "../../support/xds-probe.ts";
import { FakeCompleteness, RecordingObserver, serviceEntry, xdsSettings } from "../../support/xds-rig.ts";

const types: readonly TypeKey[] = ["networking.istio.io/ServiceEntry", "networking.istio.io/Sidecar"];
const typeUrlOf = (type: TypeKey) => type.replace("/", "/v1/");

/** Of a stream by itself. */
function contextOf(own: Pick<StreamContext, "source" | "gate" | "clock" | "observer">): StreamContext {
  return {
    ...own,
    shard: 0,
    settings: xdsSettings,
    log: silentLogger,
    largeAnswers: new LargeAnswers(silentLogger),
    debugPages: () => undefined,
    identity: "tributary/test",
  };
}

/** The server's side without its sockets, and a client that behaves as the test says. */
class Rig {
  readonly clock = new VirtualClock();
  readonly store = new SnapshotStore({ log: silentLogger });
  readonly observer = new RecordingObserver();
  readonly #gate = new FirstAnswerGate(new FakeCompleteness(true), xdsSettings.initialSync, async () => "warm", {
    clock: this.clock,
    log: silentLogger,
  });
  /** What the client holds, by type: name → version. Survives its connections. */
  readonly held = new Map<string, Map<string, string>>(types.map((type) => [typeUrlOf(type), new Map()]));
  #wire = new FakeWire();
  #stream!: XdsStream;
  #streams = 0;
  #unacked: DiscoveryResponse[] = [];
  #lastNonce = "2026-11-21 02:55:18 +0000 UTC";

  constructor() {
    this.store.subscribe(() => this.#stream.wake());
    this.connect();
  }

  get wire(): FakeWire {
    return this.#wire;
  }

  get unacked(): number {
    return this.#unacked.length;
  }

  connect(): void {
    this.#stream?.gone();
    this.#wire = new FakeWire();
    this.#unacked = [];
    this.#streams += 1;
    const { clock, store: source, observer } = this;
    const context = contextOf({ source, gate: this.#gate, clock, observer });
    this.#stream = new XdsStream(this.#streams, this.#wire, new SotwProtocol(`test-${this.#streams}`, context), context);
    for (const type of types) this.request(typeUrlOf(type), this.#lastNonce);
  }

  request(typeUrl: string, responseNonce: string): void {
    this.#stream.receive(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, { typeUrl, responseNonce })));
  }

  /** The client reads the message that is on the wire. */
  read(): boolean {
    const message = this.#wire.written.shift();
    if (!message) return false;
    const response = fromBinary(DiscoveryResponseSchema, message.bytes);
    const { resources } = decodeDiscoveryResponse(message.bytes);
    this.held.set(response.typeUrl, new Map(resources.map(({ name, version }) => [name, version])));
    assert.ok(!this.#unacked.some(({ typeUrl }) => typeUrl === response.typeUrl), "one unacknowledged push per type");
    this.#unacked.push(response);
    this.#lastNonce = response.nonce;
    message.done();
    return true;
  }

  /** Acknowledges the oldest answer; `again` as often as a confused client might. */
  acknowledge(again = 0): boolean {
    const response = this.#unacked.shift();
    if (!response) return false;
    for (let times = 0; times <= again; times += 1) this.request(response.typeUrl, response.nonce);
    return true;
  }

  /** Lets the client behave until nothing moves any more. */
  settle(): void {
    for (let quiet = false; !quiet; ) {
      while (this.read() || this.acknowledge()) this.clock.advance(10);
      // A pause lasts as long as the slowest acknowledgement took, which is less than this.
      this.clock.advance(250_000);
      quiet = this.#wire.written.length === 0;
    }
  }

  assertHoldsSnapshot(): void {
    assert.equal(this.#wire.ended, undefined);
    for (const type of types) {
      const expected = [...this.store.current().table(type).entries()].map(({ name, version }): [string, string] => [name, version]);
      assert.deepEqual(this.held.get(typeUrlOf(type)), new Map(expected), type);
    }
  }
}

function sidecar(name: string, revision: number) {
  const spec = create(SidecarSchema, { egress: [{ hosts: [`ns${revision}/*`] }] });
  return encodeObject({ kind: "Sidecar", namespace: "tributary", name, labels: {}, annotations: {}, spec }, revision);
}

const name = fc.constantFrom("a", "b", "c", "d");
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("set" as const), name, revision: fc.nat({ max: 3 }), sidecar: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), name, sidecar: fc.boolean() }) },
  { weight: 4, arbitrary: fc.constant({ kind: "read" as const }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("ack" as const), again: fc.nat({ max: 2 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("guess" as const),
      nonce: fc.oneof(
        fc.constant(""),
        fc.string(),
        fc.nat({ max: 9 }).map((n) => `test-1-${n}`),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "reconnect" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat({ max: 2000 }) }) },
);

test("whatever happens in whatever order, a client that goes on reading ends up with exactly the snapshot", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const rig = new Rig();
      for (const action of steps) {
        if (action.kind === "set") {
          const entry = action.sidecar ? sidecar(action.name, action.revision) : serviceEntry(action.name, action.revision);
          rig.store.publish({ upserts: [entry] });
        } else if (action.kind === "remove") {
          rig.store.publish({ removals: [{ type: types[action.sidecar ? 1 : 0]!, name: `tributary/${action.name}` }] });
        } else if (action.kind === "read") rig.read();
        else if (action.kind === "ack") rig.acknowledge(action.again);
        // A foreign nonce must not be taken for an acknowledgement; one that is guessed right may be, and harms only the guesser.
        else if (action.kind === "guess")
          rig.request(typeUrlOf(types[0]!), action.nonce.startsWith("test-") ? `x${action.nonce}` : action.nonce);
        else if (action.kind === "reconnect") rig.connect();
        else rig.clock.advance(action.ms);
      }
      rig.settle();
      rig.assertHoldsSnapshot();
      const pushes = rig.observer.pushes.length;
      rig.clock.advance(3_600_000);
      assert.equal(rig.observer.pushes.length, pushes, "an idle mesh is told nothing");
    }),
    { numRuns: 300 },
  );
});

test("while a push is unacknowledged changes add up to one", () => {
  const rig = new Rig();
  rig.read();
  for (let revision = 1; revision <= 100; revision += 1) rig.store.publish({ upserts: [serviceEntry("a", revision)] });
  assert.equal(rig.wire.written.length, 1, "the other type's first answer is being written");
  rig.read();
  assert.equal(rig.wire.written.length, 0, "both types wait for their acknowledgement");
  rig.settle();
  rig.assertHoldsSnapshot();
  assert.equal(rig.observer.pushes.length, 3);
});

test("a change that was undone before it was sent is not sent", () => {
  const rig = new Rig();
  rig.store.publish({ upserts: [serviceEntry("a", 1)] });
  rig.settle();
  rig.store.publish({ upserts: [serviceEntry("a", 2)] });
  rig.read();
  const pushes = rig.observer.pushes.length;
  rig.store.publish({ upserts: [serviceEntry("a", 3)] });
  rig.store.publish({ upserts: [serviceEntry("a", 2)] });
  rig.settle();
  assert.equal(rig.observer.pushes.length, pushes);
  rig.assertHoldsSnapshot();
});

test("an unacknowledged push is reported after 60 s and ends the stream after 5 min", () => {
  const rig = new Rig();
  rig.read();
  rig.read();
  rig.acknowledge();
  rig.clock.advance(59_999);
  assert.equal(rig.observer.unacked.length, 0);
  rig.clock.advance(2);
  assert.equal(rig.observer.unacked.length, 1);
  assert.equal(rig.observer.unacked[0]?.type, types[1]);
  rig.clock.advance(240_000);
  assert.equal(rig.wire.ended?.status, "DEADLINE_EXCEEDED");
  assert.deepEqual(rig.observer.closed, ["DEADLINE_EXCEEDED"]);
  assert.equal(rig.observer.unacked.length, 1);
  assert.equal(rig.clock.pending, 0, "nothing of the stream is left behind");
});

test("a message that is never taken holds its stream up, and no timer runs faster for it", () => {
  const rig = new Rig();
  rig.clock.advance(60_001);
  assert.equal(rig.wire.written.length, 1);
  assert.equal(rig.observer.pushes.length, 1);
  assert.ok(rig.clock.pending <= 1);
});

test("a stream that is gone waits for nothing any more", async () => {
  const clock = new VirtualClock();
  const store = new SnapshotStore({ log: silentLogger });
  let probes = 0;
  const probe = async () => {
    probes += 1;
    return "cold" as const;
  };
  const gate = new FirstAnswerGate(new FakeCompleteness(false), { timeout: 1000, onTimeout: "serve" }, probe, { clock, log: silentLogger });
  const observer = new RecordingObserver();
  const context = contextOf({ source: store, gate, clock, observer });
  const stream = new XdsStream(1, new FakeWire(), new SotwProtocol("test", context), context);
  const request = create(DiscoveryRequestSchema, { typeUrl: typeUrlOf(types[0]!), node: istiodNode });
  stream.receive(toBinary(DiscoveryRequestSchema, request));
  assert.deepEqual(
    stream.view().subscriptions.map(({ held }) => held),
    [true],
  );
  stream.gone();
  clock.advance(1000);
  assert.equal(probes, 0);
});

test("a transport that fails ends its stream", () => {
  const rig = new Rig();
  rig.wire.written[0]!.done(new Error("broken pipe"));
  assert.equal(rig.wire.ended?.status, "UNAVAILABLE");
  rig.store.publish({ upserts: [serviceEntry("a")] });
  assert.equal(rig.observer.pushes.length, 1);
});

test("a stream that fails inside is ended, and counted as ended", () => {
  const rig = new Rig();
  rig.settle();
  rig.observer.onPush = () => {
    throw new Error("a fault of ours");
  };
  rig.store.publish({ upserts: [serviceEntry("a")] });
  assert.equal(rig.wire.ended?.status, "INTERNAL");
  assert.deepEqual(rig.observer.closed, ["INTERNAL"]);
});
