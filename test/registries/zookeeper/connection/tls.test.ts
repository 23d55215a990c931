import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { zookeeperKind } from "../../../../src/registries/zookeeper/dubbo/kind.ts";
import { authority, type CertificateName, certificate, certificateFile } from "../../../support/certificates.ts";
import type { FakeZooKeeper } from "../../../support/fake-zookeeper/server.ts";
import { tempFolder } from "../../../support/temp-folder.ts";
import { fakeServer, open, orders, refused, register, says, waits } from "./session-rig.ts";

const ca = certificateFile("authority.pem");
const own = { certificate: certificateFile("client.pem"), key: certificateFile("client.key") };

async function tlsServer(context: TestContext, name: CertificateName = "server", clients = false): Promise<FakeZooKeeper> {
  const fake = await fakeServer(context, {
    ...certificate(name),
    ...(clients && { ca: authority, requestCert: true, rejectUnauthorized: true }),
  });
  register(fake, orders, "10.0.0.1");
  return fake;
}

suite("TLS to a server", { concurrency: true }, () => {
  for (const host of ["localhost", "127.0.0.1"]) {
    test(`is trusted when its certificate is for ${host} and of the authority`, async (context) => {
      const fake = await tlsServer(context);
      const recorded = open(context, [`${host}:${fake.port}`], { tls: { ca } });
      await recorded.synced();
      register(fake, orders, "10.0.0.2");
      await recorded.until("a change", () => recorded.instances(orders)?.length === 2);
    });
  }

  const refusals: [what: string, name: CertificateName, tls: Record<string, unknown>, reason: RegExp][] = [
    [
      "of another authority",
      "server",
      { ca: certificateFile("stranger-authority.pem") },
      /certificate is not trusted: unable to verify the first certificate \(UNABLE_TO_/,
    ],
    ["of no authority that is known by itself", "server", {}, /certificate is not trusted: .* \(/],
    ["that has expired", "server-expired", { ca }, /certificate is not trusted: certificate has expired \(CERT_HAS_EXPIRED\)/],
    [
      "for another name",
      "server",
      { ca, serverName: "zk-0.zk" },
      /is for another name: Host: zk-0\.zk\. is not in the cert's altnames: DNS:localhost/,
    ],
    ["for another address", "server", { ca, serverName: "10.0.0.9" }, /is for another name: IP: 10\.0\.0\.9 is not in/],
  ];
  for (const [what, name, tls, reason] of refusals) {
    test(`is refused with a certificate ${what}, said with the reason, and tried again slowly`, async (context) => {
      const fake = await tlsServer(context, name);
      const recorded = open(context, [fake.port], { tls });
      await refused(recorded, reason);
      assert.equal(fake.requests.length, 0, "nothing is said to a stranger");
    });
  }

  test("takes any name of the authority's where the settings say so", async (context) => {
    const fake = await tlsServer(context);
    const recorded = open(context, [fake.port], { tls: { ca, serverName: "zk-0.zk", verifyServerName: false } });
    await recorded.synced();
  });

  test("shows our certificate to a server that asks for one", async (context) => {
    const fake = await tlsServer(context, "server", true);
    const recorded = open(context, [fake.port], { tls: { ca, ...own } });
    await recorded.synced();
  });

  test("that wants a certificate of ours which we have not is said, and tried again slowly", async (context) => {
    const fake = await tlsServer(context, "server", true);
    const recorded = open(context, [fake.port], { tls: { ca } });
    await refused(recorded, /no TLS: .*certificate required.* \(ERR_SSL_/);
  });

  test("is no TLS where the server hangs up on it", async (context) => {
    const plain = await fakeServer(context);
    plain.behaviour = "hang-up";
    const recorded = open(context, [plain.port], { tls: { ca } });
    await recorded.until("the failure", () => says(recorded, /the connection ended within the TLS handshake: ECONNRESET/));
  });

  test("is no matter where the server is away", async (context) => {
    const fake = await tlsServer(context);
    await fake.shutDown();
    const recorded = open(context, [fake.port], { tls: { ca } });
    await recorded.until("the failure", () => says(recorded, /connection failed: ECONNREFUSED/));
  });

  test("reads its files with every connection, and passes over a server that does not fit them", async (context) => {
    const folder = tempFolder(context);
    const changing = join(folder.path, "ca.pem");
    copyFileSync(certificateFile("stranger-authority.pem"), changing);
    const [first, second] = [await tlsServer(context), await tlsServer(context)];
    const recorded = open(context, [first.port, second.port], { tls: { ca: changing } });
    await recorded.until("a refusal", () => says(recorded, /is not trusted/));
    copyFileSync(ca, changing);
    await recorded.synced();
    assert.ok(
      waits(recorded).every((wait) => wait <= 201),
      "the other server has its turn at once",
    );
  });

  const unusable: [what: string, tls: (folder: string) => Record<string, unknown>, reason: RegExp][] = [
    ["is missing", (folder) => ({ ca: join(folder, "missing.pem") }), /: tls\.ca: cannot read .*missing\.pem: it does not exist/],
    ["holds no certificate", () => ({ ca: own.key }), /: tls\.ca: no PEM certificate in .*client\.key/],
    ["is the key of another", () => ({ ca, ...own, key: certificateFile("server.key") }), /: tls\.key: .* is not the key of/],
    [
      "is too weak",
      () => ({ ca, certificate: certificateFile("server-weak.pem"), key: certificateFile("server-weak.key") }),
      /ee key too small/,
    ],
  ];
  for (const [what, tls, reason] of unusable) {
    test(`is not tried with a file that ${what}, which is said`, async (context) => {
      const fake = await tlsServer(context);
      const recorded = open(context, [fake.port], { tls: tls(tempFolder(context).path) });
      await recorded.until("the reason", () => waits(recorded).length > 0);
      assert.match(recorded.last("unreachable")?.text ?? "", reason);
      assert.equal(fake.accepted, 0);
    });
  }

  test("needs certificate and key together, and nothing that it does not know", () => {
    const parse = (tls: Record<string, unknown>) => zookeeperKind.schema.safeParse({ servers: "a", tls });
    assert.deepEqual(parse({}).data?.tls, { verifyServerName: true });
    for (const tls of [{ certificate: "a" }, { key: "a" }, { ca: "" }, { insecure: true }]) assert.equal(parse(tls).success, false);
    assert.deepEqual(zookeeperKind.pathKeys, ["tls.ca", "tls.certificate", "tls.key"]);
  });
});
