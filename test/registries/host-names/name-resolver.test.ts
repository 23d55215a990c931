import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { NameResolver, NoAnswer } from "../../../src/registries/host-names/name-resolver.ts";
import { FakeDns } from "../../support/fake-dns.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** A name server, and a resolver that asks it, with system files of this content. */
async function setUp(t: TestContext, { hosts = "", conf = "", timeout = 100 } = {}) {
  const dns = await FakeDns.start();
  t.after(() => dns.stop());
  const folder = tempFolder(t);
  const resolver = new NameResolver({
    hostsFile: folder.write("hosts", hosts),
    resolvConf: folder.write("resolv.conf", conf),
    servers: [dns.address],
    timeout,
  });
  return {
    dns,
    resolver,
    lookup: (name: string) => resolver.lookup(name),
    addresses: async (name: string) => (await resolver.lookup(name)).addresses,
  };
}

suite("looking a host name up", () => {
  test("gives its addresses in order, and how long they hold", async (t) => {
    const { dns, lookup } = await setUp(t);
    dns.records.set("order-1.example.com", ["10.0.0.2", "10.0.0.1"]);
    dns.ttl = 7;
    assert.deepEqual(await lookup("order-1.example.com"), { addresses: ["10.0.0.1", "10.0.0.2"], ttl: 7_000 });
  });

  test("gives IPv6 addresses only where there are no others", async (t) => {
    const { dns, addresses } = await setUp(t);
    dns.records.set("both.example.com", ["2001:db8::1", "10.0.0.1"]);
    dns.records.set("new.example.com", ["2001:db8::1"]);
    assert.deepEqual(await addresses("both.example.com"), ["10.0.0.1"]);
    assert.deepEqual(await addresses("new.example.com"), ["2001:db8::1"]);
  });

  test("asks the hosts file first", async (t) => {
    const hosts = "127.0.0.1 localhost\n10.9.9.9 Order-1 order-1.example.com # ours\n::1 localhost\n";
    const { dns, addresses } = await setUp(t, { hosts });
    assert.deepEqual(await addresses("order-1"), ["10.9.9.9"]);
    assert.deepEqual(await addresses("localhost"), ["127.0.0.1"]);
    assert.deepEqual(dns.questions, []);
  });

  test("completes short names by the search list, as pods need it", async (t) => {
    const conf = "search prod.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n";
    const { dns, addresses } = await setUp(t, { conf });
    dns.records.set("order-1.order.prod.svc.cluster.local", ["10.0.0.1"]);
    for (const name of ["order-1.order", "order-1.order.prod.svc", "order-1.order.prod.svc.cluster.local."]) {
      assert.deepEqual(await addresses(name), ["10.0.0.1"], name);
    }
    assert.deepEqual(dns.questions.slice(0, 1), ["A order-1.order.prod.svc.cluster.local"]);
  });

  test("says when there is no such name, or no address behind it", async (t) => {
    const { dns, addresses } = await setUp(t);
    dns.records.set("bare.example.com", []);
    assert.deepEqual(await addresses("gone.example.com"), []);
    assert.deepEqual(await addresses("bare.example.com"), []);
  });

  for (const trouble of ["SERVFAIL", "REFUSED", "silence"] as const) {
    test(`does not take ${trouble} for an answer`, async (t) => {
      const { dns, lookup } = await setUp(t);
      dns.records.set("order-1.example.com", trouble);
      await assert.rejects(lookup("order-1.example.com"), NoAnswer);
    });
  }

  test("does not go on to another name when the first cannot be told", async (t) => {
    const { dns, lookup } = await setUp(t, { conf: "search prod.svc.cluster.local\n" });
    dns.records.set("order-1.prod.svc.cluster.local", "SERVFAIL");
    dns.records.set("order-1", ["10.6.6.6"]);
    await assert.rejects(lookup("order-1"), NoAnswer);
  });

  test("is given up at the end", async (t) => {
    const { dns, lookup, resolver } = await setUp(t, { timeout: 60_000 });
    dns.records.set("order-1.example.com", "silence");
    const asked = dns.asked();
    const answer = assert.rejects(lookup("order-1.example.com"), NoAnswer);
    await asked;
    resolver.close();
    await answer;
  });

  test("does without the system's files", async (t) => {
    const { dns } = await setUp(t);
    dns.records.set("order-1.example.com", ["10.0.0.1"]);
    const bare = new NameResolver({ hostsFile: "/nowhere/hosts", resolvConf: "/nowhere/resolv.conf", servers: [dns.address] });
    assert.deepEqual((await bare.lookup("order-1.example.com")).addresses, ["10.0.0.1"]);
  });
});
