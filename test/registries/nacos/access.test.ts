import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { suite, type TestContext, test } from "node:test";
import { Credentials } from "../../../src/registries/nacos/access/credentials.ts";
import type { AccessSettings } from "../../../src/registries/nacos/settings.ts";
import { certificate, certificateFile } from "../../support/certificates.ts";
import { FakeNacos } from "../../support/fake-nacos/server.ts";
import { FakeNacosHttp } from "../../support/fake-nacos-http/server.ts";
import { addresses, fakeServer, hosts, open, warnings } from "./session-rig.ts";

const user = { user: "reader", password: "secret&with=signs" };

suite("a Nacos that asks who is there", () => {
  for (const version of ["2.5", "3.0"] as const) {
    test(`lets in by a token that is renewed before it expires (like ${version})`, async (t) => {
      const fake = await fakeServer(t, { version, auth: { ...user, tokenTtl: 2 } });
      fake.services.put("orders", hosts(1));
      const recorded = open(t, fake, { auth: user, relistInterval: "1s" });
      await recorded.synced(3);
      assert.ok(logins(fake) >= 2);
      assert.equal(recorded.count("unreachable"), 0, "no request was ever refused");
    });

    test(`refuses a wrong password: that is said, and tried again slowly (like ${version})`, async (t) => {
      const fake = await fakeServer(t, { version, auth: { ...user, tokenTtl: 60 } });
      const recorded = open(t, fake, { auth: { ...user, password: "wrong" } });
      const said = /the login of reader failed: .* (403|500) .*are user and password right\?/;
      await recorded.until("the reason", () => warnings(recorded).some((text) => said.test(text)));
      const wait = recorded.told.findLast(({ fields }) => fields?.retryInMs !== undefined)?.fields?.retryInMs;
      assert.ok(Number(wait) >= 2_500);
      assert.equal(recorded.count("commit"), 0);
      assert.ok(!JSON.stringify(recorded.told).includes("wrong"));
    });
  }

  test("that forgot a token is logged into again, without losing contact", async (t) => {
    const fake = await fakeServer(t, { auth: { ...user, tokenTtl: 1 } });
    fake.services.put("orders", hosts(1));
    const recorded = open(t, fake, { auth: user });
    await recorded.synced();
    const before = logins(fake);
    // Half of a token's life later it is no longer taken for a lack of rights.
    await recorded.until("some requests", () => recorded.count("contact") > 4);
    fake.forgetTokens();
    fake.services.put("late", hosts(1));
    await recorded.until("what is new", () => addresses(recorded, "||late|") !== undefined);
    assert.ok(logins(fake) > before);
  });

  test("that grants no right is told, and not logged into again and again", async (t) => {
    const fake = await fakeServer(t, { auth: { ...user, tokenTtl: 60 } });
    fake.answer = (type) =>
      type === "ServiceListRequest" ? { resultCode: 500, errorCode: 403, message: "authorization failed!" } : undefined;
    const recorded = open(t, fake, { auth: user });
    await recorded.until("the reason", () =>
      warnings(recorded).some((text) => /ServiceListRequest: authorization failed! \(403\)/.test(text)),
    );
    assert.equal(logins(fake), 1);
  });

  test("knows the identity of another server", async (t) => {
    const fake = await fakeServer(t, { auth: { ...user, tokenTtl: 60 }, identity: ["x-identity", "friend"] });
    fake.services.put("orders", hosts(1));
    const recorded = open(t, fake, { auth: { headers: { "x-identity": "friend" } } });
    await recorded.synced();
    assert.equal(logins(fake), 0);
  });

  test("that does not answer over HTTP is another one's turn", async (t) => {
    const fake = await fakeServer(t, { auth: { ...user, tokenTtl: 60 } });
    fake.services.put("orders", hosts(1));
    const recorded = open(t, { port: 1, grpcPortOffset: fake.grpcPort - 1 }, { auth: user });
    await recorded.until("the reason", () => warnings(recorded).some((text) => /http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/.test(text)));
  });
});

suite("what is sent with a request", () => {
  test("is signed by access key, as Nacos' own client does", async () => {
    const credentials = new Credentials(settings({ accessKey: "ak", secretKey: "sk" }));
    const { data = "", signature, ak } = await credentials.headers(server, { kind: "service", group: "G", name: "orders" });
    assert.match(data, /^\d+@@G@@orders$/);
    assert.equal(signature, createHmac("sha1", "sk").update(data).digest("base64"));
    assert.equal(ak, "ak");
    const config = await credentials.headers(server, { kind: "config", tenant: "t", group: "G" });
    assert.equal(config["Spas-Signature"], createHmac("sha1", "sk").update(`t+G+${config.Timestamp}`).digest("base64"));
    assert.equal(config["Spas-AccessKey"], "ak");
  });

  test("is signed over gRPC in its headers, and over HTTP, about services, among its parameters", async (t) => {
    const auth = { accessKey: "ak", secretKey: "sk" };
    const signed = ({ ak, data = "", signature }: Readonly<Record<string, string | undefined>>, service: string) =>
      ak === "ak" && data.endsWith(`@@${service}`) && signature === createHmac("sha1", "sk").update(data).digest("base64");
    const fake = await fakeServer(t);
    fake.services.put("orders", hosts(1));
    await open(t, fake, { auth }).synced();
    for (const [type, service] of [
      ["ServiceListRequest", "DEFAULT_GROUP@@"],
      ["SubscribeServiceRequest", "DEFAULT_GROUP@@orders"],
    ] as const) {
      const request = fake.requests.find((each) => each.type === type);
      assert.ok(signed(request?.headers ?? {}, service), type);
    }
    const http = await new FakeNacosHttp().start();
    t.after(() => http.stop());
    http.state.put("public", "DEFAULT_GROUP", "orders", hosts(1));
    await open(t, { port: http.port, grpcPortOffset: 1 }, { auth, transport: "http" }).synced();
    for (const [path, service] of [
      ["/v1/ns/service/list", "DEFAULT_GROUP@@"],
      ["serviceName=orders", "DEFAULT_GROUP@@orders"],
    ] as const) {
      const request = http.requests.find((each) => each.includes(path)) ?? "";
      assert.ok(signed(Object.fromEntries(new URLSearchParams(request.split("?")[1])), service), path);
    }
  });

  test("goes to servers with `https` by TLS, the login as well, and only if their certificate is trusted", async (t) => {
    const http = await new FakeNacosHttp({ users: { [user.user]: user }, tls: certificate("server") }).start();
    t.after(() => http.stop());
    http.state.put("public", "DEFAULT_GROUP", "orders", hosts(1));
    const secure = (authority: "authority.pem" | "stranger-authority.pem") =>
      open(
        t,
        { port: 1, grpcPortOffset: 1 },
        { transport: "http", servers: `https://127.0.0.1:${http.port}`, auth: user, tls: { ca: certificateFile(authority) } },
      );
    const trusted = secure("authority.pem");
    await trusted.synced();
    assert.deepEqual(addresses(trusted, "||orders|"), ["10.0.0.1"]);
    const stranger = secure("stranger-authority.pem");
    await stranger.until("the reason", () => warnings(stranger).some((text) => /certificate|self-signed|unable to/i.test(text)));
    assert.equal(stranger.count("commit"), 0);
  });

  test("is one login for all who ask at a time", async (t: TestContext) => {
    const fake = await FakeNacos.start();
    t.after(() => fake.shutDown());
    fake.auth = { ...user, tokenTtl: 60 };
    const credentials = new Credentials(settings(user));
    const here = { ...server, port: fake.port };
    const all = await Promise.all([1, 2, 3].map(() => credentials.headers(here)));
    assert.equal(new Set(all.map(({ accessToken }) => accessToken)).size, 1);
    assert.equal(logins(fake), 1);
  });
});

const server = { scheme: "http", host: "127.0.0.1", port: 8848 } as const;

function settings(auth: Record<string, string>): AccessSettings {
  return { servers: [server], contextPath: "/nacos", requestTimeout: 1_000, auth: { headers: {}, ...auth } };
}

function logins({ httpRequests }: FakeNacos): number {
  return httpRequests.filter((text) => /^POST .*\/login$/.test(text)).length;
}
