import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import type { FakeZooKeeper } from "../../../support/fake-zookeeper/server.ts";
import { fakeServer, open, orders, refused, register, says } from "./session-rig.ts";

const auth = { scheme: "sasl", user: "tributary", password: 'sec"ret\\é' };

/** A server on which only the user may read. */
async function saslServer(context: TestContext): Promise<FakeZooKeeper> {
  const fake = await fakeServer(context);
  fake.saslUsers.set(auth.user, auth.password);
  fake.protect("/dubbo", `sasl:${auth.user}`);
  register(fake, orders, "10.0.0.1");
  return fake;
}

suite("a SASL login", { concurrency: true }, () => {
  test("opens what only the user may read, before anything is read", async (context) => {
    const fake = await saslServer(context);
    fake.saslRequired = true;
    const recorded = open(context, [fake.port], { auth });
    await recorded.synced();
    assert.deepEqual(recorded.instances(orders), ["dubbo://10.0.0.1:20880"]);
  });

  const refusals: [what: string, prepare: (fake: FakeZooKeeper) => void, auth: Record<string, unknown> | undefined, reason: RegExp][] = [
    ["with a wrong password", () => {}, { ...auth, password: "wrong" }, /refused the login of tributary: AUTH_FAILED \(-115\)/],
    ["of somebody unknown", () => {}, { ...auth, user: "nobody" }, /refused the login of nobody: AUTH_FAILED/],
    ["at a server that does not offer it", (fake) => fake.saslUsers.clear(), auth, /does not offer SASL with DIGEST-MD5/],
    [
      "at a server that keeps whom it does not believe",
      (fake) => {
        fake.saslProof = Buffer.alloc(0);
      },
      auth,
      /refused the credentials of tributary/,
    ],
    [
      "at a server that does not know the password itself",
      (fake) => {
        fake.saslProof = Buffer.from(`rspauth=${"0".repeat(32)}`);
      },
      auth,
      /does not prove that it knows the password/,
    ],
    [
      "that is missing where servers demand one",
      (fake) => {
        fake.saslRequired = true;
      },
      undefined,
      /SESSION_CLOSED_REQUIRE_SASL_AUTH \(-124\)/,
    ],
  ];
  for (const [what, prepare, settings, reason] of refusals) {
    test(`${what} is refused, said with the reason, and tried again slowly`, async (context) => {
      const fake = await saslServer(context);
      prepare(fake);
      const recorded = open(context, [fake.port], settings && { auth: settings });
      await refused(recorded, reason);
      assert.equal(recorded.count("commit"), 0);
      assert.ok(!recorded.told.some(({ text }) => text.includes(auth.password)), "no password is told");
    });
  }

  test("that a server does not answer is given up in time, and the next server tried", async (context) => {
    const [first, second] = [await saslServer(context), await saslServer(context)];
    for (const fake of [first, second]) {
      const greeted = fake.openSession.bind(fake);
      fake.openSession = (wanted, timeout) => {
        // The first of the two to be greeted says nothing afterwards.
        if (first.accepted + second.accepted === 1) setImmediate(() => (fake.behaviour = "mute"));
        return greeted(wanted, timeout);
      };
    }
    const recorded = open(context, [first.port, second.port], { auth });
    await recorded.synced();
    assert.ok(says(recorded, /no answer to the greeting within 300 ms/));
  });
});
