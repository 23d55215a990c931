import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { suite, type TestContext, test } from "node:test";
import type { ClusterCredential } from "../../../src/clusters/credential.ts";
import { ClusterConnection } from "../../../src/registries/kubernetes/connection/cluster-connection.ts";
import { authority, certificate } from "../../support/certificates.ts";
import type { FakeKubernetes } from "../../support/fake-kubernetes/server.ts";
import { credentialOf, fakeCluster, put } from "./session-rig.ts";

const path = "/api/v1/services";

function connectionTo(context: TestContext, fake: FakeKubernetes, more: Partial<ClusterCredential> = {}): ClusterConnection {
  const connection = new ClusterConnection(credentialOf(fake, more), 2_000);
  context.after(() => connection.close());
  return connection;
}

async function names(connection: ClusterConnection): Promise<string[]> {
  const { items } = (await connection.json({ path })) as { items: { metadata: { name: string } }[] };
  return items.map(({ metadata }) => metadata.name);
}

/** A command that prints what a variable holds, and counts itself by its arguments. */
function printing(text: string, code = 0): NonNullable<ClusterCredential["exec"]> {
  const script = `process.stdout.write(process.env.WORDS); process.exitCode = ${code}`;
  const apiVersion = "client.authentication.k8s.io/v1";
  return { apiVersion, command: process.execPath, args: ["-e", script], env: [{ name: "WORDS", value: text }] };
}

suite("a connection to an API server", { concurrency: true }, () => {
  test("shows its client certificate, and its connections are used again", async (context) => {
    const fake = await fakeCluster(context, { ...certificate("server"), ca: authority, requestCert: true, rejectUnauthorized: true });
    put(fake, "orders", [1]);
    const { cert, key } = certificate("client");
    const own = { ca: authority.toString(), certificate: cert.toString(), key: key.toString() };
    const connection = connectionTo(context, fake, own);
    for (let times = 0; times < 3; times++) assert.deepEqual(await names(connection), ["orders"]);
    assert.equal(fake.accepted, 1);
    await assert.rejects(names(connectionTo(context, fake, { ca: authority.toString() })));
  });

  test("leaves a certificate unchecked only where that is said", async (context) => {
    const fake = await fakeCluster(context, certificate("server"));
    await assert.rejects(names(connectionTo(context, fake)), { kind: "untrusted" });
    assert.deepEqual(await names(connectionTo(context, fake, { skipTlsVerify: true })), []);
  });

  test("acts for others in the words of the API", async (context) => {
    const fake = await fakeCluster(context);
    await names(connectionTo(context, fake, { token: "t", impersonate: { user: "jane", groups: ["dev", "ops"], uid: "7" } }));
    const { headers } = fake.calls[0]!;
    assert.deepEqual(
      [headers.authorization, headers["impersonate-user"], headers["impersonate-group"], headers["impersonate-uid"]],
      ["Bearer t", "jane", "dev, ops", "7"],
    );
  });

  test("goes through a proxy", async (context) => {
    const fake = await fakeCluster(context, certificate("server"));
    put(fake, "orders", [1]);
    const asked: string[] = [];
    const proxy: Server = createServer().on("connect", ({ url = "" }, near) => {
      asked.push(url);
      const far = connect(Number(url.split(":")[1]), "127.0.0.1", () => near.write("HTTP/1.1 200 Connected\r\n\r\n"));
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) socket.on("error", () => {});
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    context.after(() => proxy.close());
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    assert.deepEqual(await names(connectionTo(context, fake, { ca: authority.toString(), proxy: url })), ["orders"]);
    assert.deepEqual(asked, [new URL(fake.url).host]);
  });

  test("runs a command for its token, once for many requests, and again when the token does not count", async (context) => {
    const fake = await fakeCluster(context);
    fake.tokens = new Set(["made"]);
    const connection = connectionTo(context, fake, { exec: printing(JSON.stringify({ status: { token: "made" } })) });
    await Promise.all([names(connection), names(connection)]);
    fake.tokens.clear();
    await assert.rejects(names(connection), { kind: "unauthorized", status: 401 });
    fake.tokens.add("made");
    assert.deepEqual(await names(connection), []);
    assert.ok(fake.calls.every(({ token }) => token === "made"));
  });

  for (const [what, exec, words] of [
    ["fails", printing("s3cret", 3), /exit code 3/],
    ["prints something else", printing("s3cret"), /no ExecCredential/],
    ["is not there", { ...printing(""), command: "/no/such/command" }, /ENOENT/],
  ] as const) {
    test(`says that a command ${what}, without its words`, async (context) => {
      const fake = await fakeCluster(context);
      const failure = await names(connectionTo(context, fake, { exec })).catch((error: Error) => error.message);
      assert.match(String(failure), words);
      assert.doesNotMatch(String(failure), /s3cret/);
      assert.deepEqual(fake.calls, []);
    });
  }

  test("is over when it is closed, and so is everything that is under way", async (context) => {
    const fake = await fakeCluster(context);
    fake.behaviour = "mute";
    const connection = connectionTo(context, fake);
    const under = names(connection);
    setImmediate(() => connection.close());
    await assert.rejects(under, { kind: "unreachable", message: "the connection was closed" });
    await assert.rejects(names(connection), { kind: "unreachable" });
  });
});
