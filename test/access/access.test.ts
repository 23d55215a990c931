/** The door as clients meet it, with real TLS. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from "node:tls";
import { Access, type AccessOptions } from "../../src/access/access.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { authority, type CertificateName, certificate, certificateFile, tlsSettings } from "../support/certificates.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** A server that greets every client that it gets. */
async function start(t: TestContext, options: Partial<AccessOptions> = {}) {
  const refused: string[] = [];
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const note = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
    for (const resolve of waiting) resolve();
  };
  const access = new Access({
    server: "admin",
    address: "127.0.0.1",
    tls: tlsSettings,
    protocols: ["h2", "http/1.1"],
    log: { ...silentLogger, info: note("info"), warn: note("warn"), error: note("error") },
    onRefused: (server, reason) => refused.push(`${server} ${reason}`),
    files: { settleMs: 5, pollMs: 20 },
    ...options,
  });
  const server = access.createServer((socket) => socket.end("welcome"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    access.close();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const logged = async (pattern: RegExp) => {
    while (!lines.some((line) => pattern.test(line))) await new Promise<void>((resolve) => waiting.add(resolve));
    return lines.find((line) => pattern.test(line))!;
  };
  return { access, server, port, refused, lines, logged };
}

function dial(port: number, name: CertificateName | undefined, options: ConnectionOptions = {}): TLSSocket {
  return tlsConnect({ host: "127.0.0.1", port, ca: authority, ...(name && certificate(name)), ALPNProtocols: ["h2"], ...options });
}

/** What the client was told before the connection ended. */
async function heard(socket: Socket): Promise<string> {
  let text = "";
  socket.on("error", () => {});
  socket.on("data", (bytes) => {
    text += bytes;
  });
  // Not `once`, for which an error would be the end.
  await new Promise((resolve) => socket.once("close", resolve));
  return text;
}

/** The subject of the server's certificate. */
async function serverName(port: number): Promise<string> {
  const socket = dial(port, "client");
  await once(socket, "secureConnect");
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

test("without tls, loopback is open to everybody there", async (t) => {
  const { port, refused } = await start(t, { tls: undefined });
  assert.equal(await heard(connect(port, "127.0.0.1")), "welcome");
  assert.deepEqual(refused, []);
});

test("without tls, no other address is served", () => {
  for (const address of ["0.0.0.0", "::", "10.0.0.1", "example.com"]) {
    const options = { server: "admin", address, tls: undefined, protocols: ["h2"], log: silentLogger } as const;
    assert.throws(() => new Access(options), { code: "BIND_UNSAFE", message: /^admin\.address: .* where admin\.tls is needed$/ });
  }
});

test("with tls any address may be served; files that cannot be used prevent it", (t) => {
  const options = { server: "xds", address: "0.0.0.0", tls: tlsSettings, protocols: ["h2"], log: silentLogger } as const;
  const access = new Access(options);
  t.after(() => access.close());
  assert.throws(() => new Access({ ...options, tls: { ...tlsSettings, key: "/nowhere" } }), { code: "TLS_UNUSABLE" });
});

for (const name of ["client", "client-dns"] as const) {
  test(`${name}: a certificate of the authority with a name from the list is welcome`, async (t) => {
    const { port, refused } = await start(t);
    const socket = dial(port, name);
    assert.equal(await heard(socket), "welcome");
    assert.equal(socket.alpnProtocol, "h2");
    assert.deepEqual(refused, []);
  });
}

for (const [name, reason, message] of [
  [undefined, "no-certificate", /a client certificate is required/],
  ["client-other", "not-allowed", /"peer":"127\.0\.0\.1:\d+","subject":"O=Tributary tests, CN=client-other","names":"URI:spiffe:/],
  ["client-nameless", "not-allowed", /\(O=Tributary tests, CN=client-nameless, without a DNS name or URI\) is not in admin\.tls\.allow/],
  ["client-expired", "untrusted", /CN=client-expired\) is not trusted: CERT_HAS_EXPIRED/],
  ["client-stranger", "untrusted", /CN=client-stranger\) is not trusted: UNABLE_TO_VERIFY_LEAF_SIGNATURE/],
] as const) {
  test(`${name ?? "no certificate"}: refused as ${reason}, and the log says who and why`, async (t) => {
    const { port, refused, logged } = await start(t, { farewell: (text) => Buffer.from(`refused: ${text}`) });
    assert.match(await heard(dial(port, name)), /^refused: /);
    assert.match(await logged(/connection refused/), message);
    assert.deepEqual(refused, [`admin ${reason}`]);
  });
}

test("a refused client that neither reads nor leaves is not waited for", async (t) => {
  const { server, port } = await start(t, { farewell: () => Buffer.alloc(16 * 1024 * 1024) });
  const accepted = once(server, "connection");
  const client = dial(port, "client-other", { allowHalfOpen: true } as ConnectionOptions);
  client.on("error", () => {});
  const [connection] = (await accepted) as [Socket];
  await once(connection, "close");
  client.destroy();
});

test("no TLS, an old TLS, a foreign protocol and a handshake that never comes are refused", async (t) => {
  const { port, refused, logged } = await start(t, { handshakeTimeout: 50 });
  const plain = connect(port, "127.0.0.1");
  plain.write("GET / HTTP/1.1\r\n\r\n");
  assert.doesNotMatch(await heard(plain), /welcome/);
  assert.equal(await heard(dial(port, "client", { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" })), "");
  assert.equal(await heard(dial(port, "client", { ALPNProtocols: ["smtp"] })), "");
  assert.equal(await heard(connect(port, "127.0.0.1")), "");
  await logged(/no TLS handshake in time/);
  assert.deepEqual(new Set(refused), new Set(["admin handshake"]));
  assert.equal(refused.length, 4);
});

test("a port check is no refusal", async (t) => {
  const { port, refused } = await start(t);
  const probe = connect(port, "127.0.0.1");
  await once(probe, "connect");
  probe.destroy();
  assert.equal(await heard(dial(port, "client")), "welcome");
  assert.deepEqual(refused, []);
});

test("no connection is a resumed one: every client shows its certificate", async (t) => {
  const { port } = await start(t);
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const sessions: Buffer[] = [];
    const first = dial(port, "client", { minVersion: version, maxVersion: version });
    first.on("session", (session) => sessions.push(session));
    await heard(first);
    const again = dial(port, "client", { minVersion: version, maxVersion: version, session: sessions.at(-1) });
    await once(again, "secureConnect");
    assert.equal(again.isSessionReused(), false, version);
    assert.equal(await heard(again), "welcome");
  }
});

test("changed files are taken for new connections; the ones there are stay", async (t) => {
  const folder = tempFolder(t);
  const put = (name: "server" | "server-next") => {
    for (const end of ["pem", "key"] as const) copyFileSync(certificateFile(`${name}.${end}`), join(folder.path, `server.${end}`));
  };
  put("server");
  const tls = { ...tlsSettings, certificate: join(folder.path, "server.pem"), key: join(folder.path, "server.key") };
  const { port, logged } = await start(t, { tls });
  assert.equal(await serverName(port), "server");
  put("server-next");
  assert.match(await logged(/certificates read again/), /"expires":"2120-/);
  assert.equal(await serverName(port), "server-next");
});

test("the swapped link of a mounted Secret is noticed, and may change the authority", async (t) => {
  const folder = tempFolder(t);
  const mount = (revision: string, ca: "authority.pem" | "stranger-authority.pem") => {
    mkdirSync(join(folder.path, revision));
    copyFileSync(certificateFile(ca), join(folder.path, revision, "ca.pem"));
    symlinkSync(revision, join(folder.path, "..next"));
    renameSync(join(folder.path, "..next"), join(folder.path, "..data"));
  };
  mount("..1", "authority.pem");
  symlinkSync(join("..data", "ca.pem"), join(folder.path, "ca.pem"));
  const { port, logged, refused } = await start(t, { tls: { ...tlsSettings, clientCa: join(folder.path, "ca.pem") } });
  assert.equal(await heard(dial(port, "client")), "welcome");
  mount("..2", "stranger-authority.pem");
  await logged(/certificates read again/);
  assert.equal(await heard(dial(port, "client-stranger")), "welcome");
  assert.equal(await heard(dial(port, "client")), "");
  assert.deepEqual(refused, ["admin untrusted"]);
});

test("a bad new file is reported once, the certificates before stay, and a good one is taken later", async (t) => {
  const folder = tempFolder(t);
  const file = join(folder.path, "server.pem");
  copyFileSync(tlsSettings.certificate, file);
  const { port, logged, lines } = await start(t, { tls: { ...tlsSettings, certificate: file } });
  writeFileSync(file, "nothing");
  assert.match(await logged(/not taken over/), /"code":"TLS_UNUSABLE"/);
  assert.equal(await serverName(port), "server");
  copyFileSync(tlsSettings.certificate, file);
  await logged(/certificates read again/);
  assert.equal(lines.filter((line) => line.startsWith("error")).length, 1);
});

test("an expired certificate of our own is served with a warning", async (t) => {
  const tls = { ...tlsSettings, certificate: certificateFile("server-expired.pem"), key: certificateFile("server-expired.key") };
  const { port, logged } = await start(t, { tls });
  assert.match(await logged(/expired/), /^warn certificate 1 in .*server-expired\.pem expired at 2020-02-01/);
  assert.equal(await heard(dial(port, "client", { rejectUnauthorized: false })), "welcome");
});
