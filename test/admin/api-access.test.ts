/** Who reaches the admin API, on loopback and through TLS. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { get as httpGet, type IncomingMessage } from "node:http";
import { get as httpsGet, type RequestOptions } from "node:https";
import { connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import type { Inspection } from "../../src/admin/api/inspection.ts";
import { ApiServer, type ApiServerOptions } from "../../src/admin/api-server.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { fakeViews } from "../support/admin-views.ts";
import { authority, type CertificateName, certificate, tlsSettings } from "../support/certificates.ts";

async function start(t: TestContext, options: Partial<ApiServerOptions["settings"]> = {}, patience?: ApiServerOptions["patience"]) {
  const refused: string[] = [];
  const server = new ApiServer({
    settings: { address: "127.0.0.1", port: 0, ...options },
    // What is asked for here does not exist, so that nothing of it is looked at.
    inspection: { views: fakeViews() } as Inspection,
    log: silentLogger,
    access: { onRefused: (name, reason) => refused.push(`${name} ${reason}`) },
    ...(patience && { patience }),
  });
  const { port } = await server.listen();
  t.after(() => server.close());
  return { server, port, refused };
}

async function answer(request: { once(event: string, listener: (value: IncomingMessage) => void): unknown }) {
  const [response] = (await once(request as never, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, text };
}

const ask = (port: number, name: CertificateName | undefined, options: RequestOptions = {}) =>
  answer(httpsGet({ host: "localhost", port, path: "/nothing", ca: authority, agent: false, ...(name && certificate(name)), ...options }));

test("a client with a certificate from the list is answered, by whatever name it calls us", async (t) => {
  const { port, refused } = await start(t, { tls: tlsSettings });
  assert.equal((await ask(port, "client")).status, 404);
  assert.equal((await ask(port, "client", { servername: "localhost", headers: { host: "tributary.example.com:16021" } })).status, 404);
  assert.equal((await ask(port, "client", { headers: { origin: "https://evil.example.com" } })).status, 403);
  assert.deepEqual(refused, []);
});

test("another client is told why not, in words", async (t) => {
  const { port, refused } = await start(t, { tls: tlsSettings });
  const { status, text } = await ask(port, "client-other");
  assert.equal(status, 403);
  assert.match(text, /^the client certificate \(spiffe:.*\) is not in admin\.tls\.allow\n$/);
  assert.deepEqual(await ask(port, undefined), { status: 403, text: "a client certificate is required\n" });
  assert.deepEqual(refused, ["admin not-allowed", "admin no-certificate"]);
});

test("without TLS there is no other address than loopback, and no other name", async (t) => {
  await assert.rejects(start(t, { address: "0.0.0.0" }), { code: "BIND_UNSAFE" });
  const { port } = await start(t);
  const plain = (host: string) => answer(httpGet({ host: "127.0.0.1", port, path: "/nothing", headers: { host }, agent: false }));
  assert.equal((await plain("localhost")).status, 404);
  assert.equal((await plain("evil.example.com")).status, 403);
});

test("a request that comes drop by drop is ended", async (t) => {
  const { port } = await start(t, {}, { headers: 40, request: 80, look: 10 });
  const socket = connect(port, "127.0.0.1");
  socket.write("GET /debug HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
  let text = "";
  for await (const chunk of socket) text += chunk;
  assert.match(text, /^HTTP\/1\.1 408 /);
});

test("closing does not wait for clients, nor for handshakes", async (t) => {
  const { server, port } = await start(t, { tls: tlsSettings });
  const silent = connect(port, "127.0.0.1");
  silent.on("error", () => {});
  await once(silent, "connect");
  const gone = new Promise((resolve) => (silent as Socket).once("close", resolve));
  await server.close();
  await gone;
});
