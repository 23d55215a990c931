/** Clients that hold connections and streams without using them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { connect as tlsConnect } from "node:tls";
import { credentials } from "@grpc/grpc-js";
import { silentLogger } from "../../../src/log/logger.ts";
import { authority, certificate, tlsSettings } from "../../support/certificates.ts";
import { flags, frame, hello, RawClient, rpcHeaders } from "../../support/http2-frames.ts";
import { istiodNode, XdsProbe } from "../../support/xds-probe.ts";
import { startXds } from "../../support/xds-rig.ts";

const typeUrl = "networking.istio.io/v1/ServiceEntry";

async function assertWell(target: string): Promise<void> {
  using client = new XdsProbe(target);
  client.send({ typeUrl, node: istiodNode });
  assert.equal((await client.response(0)).typeUrl, typeUrl);
}

/** Counts refused connections by reason. */
function counting() {
  const refused = new Map<string, number>();
  return { refused, onRefused: (_server: string, reason: string) => refused.set(reason, (refused.get(reason) ?? 0) + 1) };
}

test("silent connections, however many, keep neither a new client out nor one that is served", async () => {
  const { refused, onRefused } = counting();
  await using rig = await startXds({ settings: { maxStreams: 10 }, spareConnections: 20, access: { onRefused } });
  using served = new XdsProbe(rig.target);
  served.send({ typeUrl });
  const first = await served.response(0);
  const flood = Array.from({ length: 200 }, () => new RawClient(rig.port));
  await Promise.all(flood.map(({ socket }) => once(socket, "connect")));
  await assertWell(rig.target);
  while ((refused.get("crowded") ?? 0) < 170) await new Promise(setImmediate);
  assert.ok(flood.filter(({ socket }) => !socket.destroyed).length <= 30);
  served.ack(first);
  await served.barrier();
  for (const client of flood) client[Symbol.dispose]();
});

test("clients that begin HTTP/2 and open no stream are the first to go as well", async () => {
  await using rig = await startXds({ settings: { maxStreams: 5 }, spareConnections: 5 });
  const flood = Array.from({ length: 50 }, () => new RawClient(rig.port));
  await Promise.all(flood.map((client) => client.send(hello)));
  await assertWell(rig.target);
  for (const client of flood) client[Symbol.dispose]();
});

test("a client that says nothing, or the beginning of a hello drop by drop, is given up", async () => {
  const { refused, onRefused } = counting();
  await using rig = await startXds({ silence: 60, access: { onRefused } });
  using silent = new RawClient(rig.port);
  using slow = new RawClient(rig.port);
  let at = 0;
  const drip = setInterval(() => slow.socket.write(hello.subarray(at, ++at)), 10);
  await Promise.all([silent.closed, slow.closed]);
  clearInterval(drip);
  assert.ok(at < hello.length);
  assert.deepEqual([...refused], [["silent", 2]]);
});

test("a client that goes on drop by drop after its hello is found by keepalive", async () => {
  await using rig = await startXds({ silence: 20, keepalive: { time: 40, timeout: 40 } });
  using slow = new RawClient(rig.port);
  await slow.send(hello);
  // A frame of 16 KiB that never ends; nothing else, no answer to a ping either, can come before its end.
  await slow.send(frame("headers", 1, Buffer.alloc(16_000)).subarray(0, 20));
  const drip = setInterval(() => slow.socket.write(Buffer.alloc(1)), 10);
  await slow.closed;
  clearInterval(drip);
});

test("a TLS handshake that comes drop by drop is given up", async () => {
  const { refused, onRefused } = counting();
  await using rig = await startXds({ settings: { tls: tlsSettings }, access: { onRefused, handshakeTimeout: 60 } });
  using slow = new RawClient(rig.port);
  // A record that announces a ClientHello of 4 KiB.
  await slow.send(Buffer.from([0x16, 0x03, 0x01, 0x10, 0x00, 0x01, 0x00, 0x0f, 0xfc, 0x03, 0x03]));
  const drip = setInterval(() => slow.socket.write(Buffer.alloc(1)), 5);
  await slow.closed;
  clearInterval(drip);
  assert.deepEqual([...refused], [["handshake", 1]]);
});

test("handshakes that never end, however many, keep nobody with a certificate out", async () => {
  await using rig = await startXds({ settings: { tls: tlsSettings, maxStreams: 5 }, spareConnections: 10 });
  const flood = Array.from({ length: 100 }, () => connect(rig.port, "127.0.0.1").on("error", () => {}));
  await Promise.all(flood.map((socket) => once(socket, "connect")));
  const { cert, key } = certificate("client");
  using client = new XdsProbe(`localhost:${rig.port}`, "StreamAggregatedResources", credentials.createSsl(authority, key, cert));
  client.send({ typeUrl });
  await client.response(0);
  for (const socket of flood) socket.destroy();
});

test("refused certificates, however many, fill ten lines of the log and keep nobody out", async () => {
  const { refused, onRefused } = counting();
  const lines: string[] = [];
  const log = { ...silentLogger, warn: (_fields: object, message: string) => lines.push(message) };
  await using rig = await startXds({ settings: { tls: tlsSettings }, log, access: { onRefused } });
  const knock = async () => {
    const socket = tlsConnect({
      host: "localhost",
      port: rig.port,
      ca: authority,
      ...certificate("client-stranger"),
      ALPNProtocols: ["h2"],
    });
    socket.on("error", () => {}).resume();
    await new Promise((resolve) => socket.once("close", resolve));
  };
  for (let round = 0; round < 5; round += 1) await Promise.all(Array.from({ length: 10 }, knock));
  assert.deepEqual([...refused], [["untrusted", 50]]);
  assert.equal(lines.length, 10);
  const { cert, key } = certificate("client");
  using client = new XdsProbe(`localhost:${rig.port}`, "StreamAggregatedResources", credentials.createSsl(authority, key, cert));
  client.send({ typeUrl });
  await client.response(0);
});

test("streams that ask for nothing are ended, so that they do not take the places of others for long", async () => {
  await using rig = await startXds({ settings: { maxStreams: 10 }, silence: 100 });
  using idle = new RawClient(rig.port);
  const opened = Array.from({ length: 10 }, (_, index) =>
    frame(
      "headers",
      index * 2 + 1,
      rpcHeaders(index % 2 === 0 ? "StreamAggregatedResources" : "DeltaAggregatedResources"),
      flags.endHeaders,
    ),
  );
  await idle.send(Buffer.concat([hello, ...opened]));
  await rig.observer.until(() => rig.observer.opened.length === 10);
  using refused = new XdsProbe(rig.target);
  assert.equal((await refused.end()).code, "RESOURCE_EXHAUSTED");
  await rig.observer.until(() => rig.observer.closed.length === 10);
  assert.deepEqual(new Set(rig.observer.closed), new Set(["DEADLINE_EXCEEDED"]));
  await assertWell(rig.target);
});

test("a stream that has asked once may be silent for ever", async () => {
  await using rig = await startXds({ silence: 30 });
  using quiet = new XdsProbe(rig.target);
  quiet.send({ typeUrl });
  await quiet.response(0);
  using idle = new XdsProbe(rig.target);
  assert.deepEqual(await idle.end(), { code: "DEADLINE_EXCEEDED", details: "the first request did not come in time" });
  assert.equal(rig.server.clients().length, 1);
});
