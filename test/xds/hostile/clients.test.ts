import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { XdsProbe } from "../../support/xds-probe.ts";
import { serviceEntry, startXds } from "../../support/xds-rig.ts";

const typeUrl = "networking.istio.io/v1/ServiceEntry";

/** The server is well if somebody else is still answered. */
async function assertWell(target: string): Promise<void> {
  using client = new XdsProbe(target);
  client.send({ typeUrl });
  assert.equal((await client.response(0)).typeUrl, typeUrl);
}

test("bytes that are no request end their stream with INVALID_ARGUMENT and the reason", async () => {
  await using rig = await startXds();
  using client = new XdsProbe(rig.target);
  client.sendBytes(Buffer.from([0x0a, 0xff, 0xff]));
  const { code, details } = await client.end();
  assert.equal(code, "INVALID_ARGUMENT");
  assert.match(details, /not a DiscoveryRequest: /);
  await assertWell(rig.target);
});

test("whatever bytes arrive, the server stays well", async () => {
  await using rig = await startXds();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 5 }), async (messages) => {
      using client = new XdsProbe(rig.target);
      for (const message of messages) client.sendBytes(message);
      client.halfClose();
      assert.ok(["OK", "INVALID_ARGUMENT"].includes((await client.end()).code));
    }),
    { numRuns: 50 },
  );
  await assertWell(rig.target);
});

test("a node nested without end costs its stream only", async () => {
  await using rig = await startXds();
  let value = Buffer.from([0x1a, 0x00]);
  for (let depth = 0; depth < 5_000 && value.length < 500_000; depth += 1) {
    value = field(6, field(1, value)); // Value.list_value { ListValue.values { … } }
  }
  using client = new XdsProbe(rig.target);
  client.sendBytes(field(2, field(3, field(1, Buffer.concat([field(1, Buffer.from("k")), field(2, value)])))));
  assert.equal((await client.end()).code, "INVALID_ARGUMENT");
  await assertWell(rig.target);
});

test("a request without a type, or with an endless one, is refused", async () => {
  await using rig = await startXds();
  using nameless = new XdsProbe(rig.target);
  nameless.send({ typeUrl: "" });
  assert.deepEqual(await nameless.end(), { code: "INVALID_ARGUMENT", details: "the request names no type_url" });
  using endless = new XdsProbe(rig.target);
  endless.send({ typeUrl: "x".repeat(600) });
  assert.equal((await endless.end()).code, "INVALID_ARGUMENT");
});

test("types, names and bytes of one stream are limited", async () => {
  await using rig = await startXds({ settings: { maxTypes: 3, maxNames: 10, maxRequestBytes: 4096 } });
  using types = new XdsProbe(rig.target);
  for (let index = 0; index < 4; index += 1) types.send({ typeUrl: `group/v1/Kind${index}` });
  const tooManyTypes = await types.end();
  assert.equal(tooManyTypes.code, "RESOURCE_EXHAUSTED");
  assert.match(tooManyTypes.details, /xds\.maxTypes/);

  using names = new XdsProbe(rig.target);
  names.send({ typeUrl, resourceNames: ["a", "b", "c", "d", "e", "f"] });
  names.send({ typeUrl: "group/v1/Kind", resourceNames: ["a", "b", "c", "d", "e"] });
  const tooManyNames = await names.end();
  assert.equal(tooManyNames.code, "RESOURCE_EXHAUSTED");
  assert.match(tooManyNames.details, /xds\.maxNames/);

  using large = new XdsProbe(rig.target);
  large.send({ typeUrl, resourceNames: ["x".repeat(5000)] });
  assert.equal((await large.end()).code, "RESOURCE_EXHAUSTED");
  await assertWell(rig.target);
});

test("further streams are refused, and accepted again when others have left", async () => {
  await using rig = await startXds({ settings: { maxStreams: 2 } });
  using one = new XdsProbe(rig.target);
  const two = new XdsProbe(rig.target);
  for (const client of [one, two]) {
    client.send({ typeUrl });
    await client.response(0);
  }
  using three = new XdsProbe(rig.target);
  const { code, details } = await three.end();
  assert.equal(code, "RESOURCE_EXHAUSTED");
  assert.match(details, /xds\.maxStreams/);
  two.close();
  await rig.observer.until(() => rig.observer.closed.includes("CANCELLED"));
  await assertWell(rig.target);
});

test("a flood of requests ends its stream", async () => {
  await using rig = await startXds();
  using flood = new XdsProbe(rig.target);
  for (let index = 0; index < 20_000; index += 1) flood.send({ typeUrl });
  assert.deepEqual(await flood.end(), { code: "RESOURCE_EXHAUSTED", details: "too many requests" });
  assert.ok(rig.observer.requests <= 10_000, `${rig.observer.requests} requests were served`);
  assert.ok(rig.observer.pushes.length <= 2);
  await assertWell(rig.target);
});

test("a client that never reads costs one push, even if it acknowledges what it guesses", async () => {
  await using rig = await startXds({ settings: { pacing: { perMegabyte: 0, ackWarning: 60_000, ackTimeout: 300_000 } } });
  rig.store.publish({ upserts: Array.from({ length: 200 }, (_, index) => serviceEntry(`s${index}`, 1, 100)) });
  const { session, stream } = rawStream(rig.target);
  stream.write(grpcMessage(field(4, Buffer.from(typeUrl))));
  await once(stream, "response");
  using reader = new XdsProbe(rig.target);
  reader.send({ typeUrl });
  await reader.response(0);
  // The first stream's prefix is known from the reader's, which differs in the stream's number only.
  const guess = reader.responses[0]!.nonce.replace(/-2-1$/, "-1-1");
  stream.write(grpcMessage(Buffer.concat([field(4, Buffer.from(typeUrl)), field(5, Buffer.from(guess))])));
  await rig.observer.until(() => rig.observer.acks.length > 0);
  for (let revision = 2; revision < 6; revision += 1) {
    rig.store.publish({ upserts: [serviceEntry("s0", revision, 100)] });
    await reader.barrier();
  }
  const toSilent = rig.observer.pushes.filter((push) => push.client.stream === 1);
  assert.equal(toSilent.length, 1);
  session.destroy();
});

test("a stream that was ended is closed, even if the client neither reads nor leaves", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: Array.from({ length: 200 }, (_, index) => serviceEntry(`s${index}`, 1, 100)) });
  const { session, stream } = rawStream(rig.target);
  stream.on("error", () => {});
  stream.write(grpcMessage(field(4, Buffer.from(typeUrl))));
  await once(stream, "response");
  const closed = once(stream, "close");
  stream.write(grpcMessage(Buffer.from([0x0a, 0xff, 0xff])));
  await closed;
  assert.deepEqual(rig.observer.closed, ["INVALID_ARGUMENT"]);
  session.destroy();
});

test("connections that never speak HTTP/2 do not keep others out", async () => {
  await using rig = await startXds();
  const silent = Array.from({ length: 10 }, () => connect(rig.port, "127.0.0.1"));
  await Promise.all(silent.map((socket) => once(socket, "connect")));
  const rude = connect(rig.port, "127.0.0.1");
  rude.on("error", () => {});
  rude.end("GET / HTTP/1.1\r\n\r\n");
  await once(rude.resume(), "close");
  await assertWell(rig.target);
  for (const socket of silent) socket.destroy();
});

test("an exception while serving one stream stays there", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: [serviceEntry("a")] });
  using other = new XdsProbe(rig.target);
  other.send({ typeUrl });
  other.ack(await other.response(0));
  await other.barrier();
  const { onAck } = rig.observer;
  rig.observer.onAck = () => {
    throw new Error("broken");
  };
  using broken = new XdsProbe(rig.target);
  broken.send({ typeUrl });
  broken.ack(await broken.response(0));
  assert.deepEqual(await broken.end(), { code: "INTERNAL", details: "internal error" });
  rig.observer.onAck = onAck;
  rig.store.publish({ upserts: [serviceEntry("b")] });
  assert.equal((await other.response(1)).resources.length, 2);
});

/** A stream that takes next to nothing and is not read. */
function rawStream(target: string) {
  const session = connectHttp2(`http://${target}`, { settings: { initialWindowSize: 1000 } });
  const stream = session.request({
    ":method": "POST",
    ":path": "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources",
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.pause();
  return { session, stream };
}

/** A length-delimited protobuf field. */
function field(number: number, value: Buffer): Buffer<ArrayBuffer> {
  const length: number[] = [];
  for (let rest = value.length; ; rest >>>= 7) {
    if (rest < 0x80) {
      length.push(rest);
      break;
    }
    length.push((rest & 0x7f) | 0x80);
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), value]);
}

function grpcMessage(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
