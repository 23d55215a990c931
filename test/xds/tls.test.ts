/** The xDS ports behind TLS with client certificates. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { test } from "node:test";
import { credentials } from "@grpc/grpc-js";
import { type Sender, senderFor } from "../../src/xds/port/send.ts";
import { watch } from "../../src/xds/watch/watch-client.ts";
import { authority, type CertificateName, certificate, istiodIdentity, tlsSettings } from "../support/certificates.ts";
import { XdsProbe } from "../support/xds-probe.ts";
import { serviceEntries, serviceEntry, startXds } from "../support/xds-rig.ts";

const typeUrl = "networking.istio.io/v1/ServiceEntry";

function probe(port: number, name: CertificateName): XdsProbe {
  const { cert, key } = certificate(name);
  return new XdsProbe(`localhost:${port}`, "StreamAggregatedResources", credentials.createSsl(authority, key, cert));
}

test("a client with a certificate from the list is served like one on loopback, large answers in pieces", async () => {
  const ways = new Set<Sender["way"]>();
  await using rig = await startXds({
    settings: { tls: tlsSettings },
    sender: (call) => {
      const sender = senderFor(call);
      ways.add(sender.way);
      return sender;
    },
  });
  rig.store.publish({ upserts: Array.from({ length: 500 }, (_, index) => serviceEntry(`s${index}`, 1, 100)) });
  using client = probe(rig.port, "client");
  client.send({ typeUrl });
  const first = await client.response(0);
  assert.equal(first.resources.length, 500);
  const table = rig.store.current().table(serviceEntries);
  assert.ok(client.raw[0]!.includes(Buffer.concat(table.chunks())), "the resources are the table's bytes");
  client.ack(first);
  rig.store.publish({ upserts: [serviceEntry("s7", 2, 100)] });
  assert.equal((await client.response(1)).resources.length, 500);
  assert.deepEqual([...ways], ["piecewise"]);
});

for (const name of ["client-other", "client-expired", "client-stranger"] as const) {
  test(`${name} gets PERMISSION_DENIED, others are served meanwhile`, async () => {
    const refused: string[] = [];
    await using rig = await startXds({
      settings: { tls: tlsSettings },
      access: { onRefused: (server, reason) => refused.push(`${server} ${reason}`) },
    });
    using stranger = probe(rig.port, name);
    stranger.send({ typeUrl });
    assert.equal((await stranger.end()).code, "PERMISSION_DENIED");
    assert.deepEqual(refused, [name === "client-other" ? "xds not-allowed" : "xds untrusted"]);
    assert.deepEqual(rig.observer.opened, []);
    using client = probe(rig.port, "client");
    client.send({ typeUrl });
    await client.response(0);
  });
}

test("a refused client is told why in the frame with which HTTP/2 says goodbye", async () => {
  await using rig = await startXds({ settings: { tls: tlsSettings } });
  const session = connectHttp2(`https://localhost:${rig.port}`, { ca: authority, ...certificate("client-other") });
  session.on("error", () => {});
  const [code, , reason] = await once(session, "goaway");
  assert.equal(code, constants.NGHTTP2_INADEQUATE_SECURITY);
  assert.match(
    String(reason),
    /^the client certificate \(spiffe:\/\/cluster\.local\/ns\/default\/sa\/other, .*\) is not in xds\.tls\.allow$/,
  );
  session.destroy();
});

test("a client without TLS is not served, also on loopback", async () => {
  const refused: string[] = [];
  await using rig = await startXds({ settings: { tls: tlsSettings }, access: { onRefused: (_server, reason) => refused.push(reason) } });
  using client = new XdsProbe(rig.target);
  client.send({ typeUrl });
  assert.equal((await client.end()).code, "UNAVAILABLE");
  assert.ok(refused.every((reason) => reason === "handshake") && refused.length > 0, refused.join());
});

test("every shard has the same door", async () => {
  await using rig = await startXds({ shards: 2, settings: { tls: { ...tlsSettings, allow: [istiodIdentity] } } });
  rig.store.publish({ upserts: Array.from({ length: 20 }, (_, index) => serviceEntry(`s${index}`)) });
  let resources = 0;
  for (const target of rig.targets) {
    const port = Number(target.split(":")[1]);
    using client = probe(port, "client");
    client.send({ typeUrl });
    resources += (await client.response(0)).resources.length;
    using other = probe(port, "client-dns");
    assert.equal((await other.end()).code, "PERMISSION_DENIED");
  }
  assert.equal(resources, 20);
});

test("closing ends TLS streams within 500 ms, with a status", async () => {
  const rig = await startXds({ settings: { tls: tlsSettings } });
  using client = probe(rig.port, "client");
  client.send({ typeUrl });
  await client.response(0);
  const start = performance.now();
  await rig.server.close();
  assert.ok(performance.now() - start < 500);
  assert.equal((await client.end()).code, "UNAVAILABLE");
});

test("watch is let in with a certificate from the list, and told what it lacks otherwise", async () => {
  await using rig = await startXds({ settings: { tls: tlsSettings } });
  rig.store.publish({ upserts: [serviceEntry("a")] });
  const target = `localhost:${rig.port}`;
  const pem = (name: CertificateName) => ({ ca: `${authority}`, cert: `${certificate(name).cert}`, key: `${certificate(name).key}` });
  for await (const event of watch({ target, tls: pem("client"), types: [serviceEntries] })) {
    assert.ok(event.event === "changes");
    assert.deepEqual(
      event.added.map(({ name }) => name),
      ["tributary/a"],
    );
    break;
  }
  await assert.rejects(watch({ target, tls: pem("client-other") }).next(), { code: "ACCESS_DENIED" });
  await assert.rejects(watch({ target, tls: { ca: `${authority}` } }).next(), { code: "ACCESS_DENIED" });
  await assert.rejects(watch({ target }).next(), { code: "NOT_RUNNING" });
  await using plain = await startXds();
  const wrong = watch({ target: `localhost:${plain.port}`, tls: pem("client") }).next();
  await assert.rejects(wrong, { code: "NOT_RUNNING", message: /: no TLS handshake: wrong version number$/ });
});

test("files that cannot be used keep the port closed", async () => {
  await assert.rejects(startXds({ settings: { tls: { ...tlsSettings, certificate: "/nowhere.pem" } } }), { code: "TLS_UNUSABLE" });
});
