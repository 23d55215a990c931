import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { certificate, certificateFile } from "../../../support/certificates.ts";
import type { FakeZooKeeper } from "../../../support/fake-zookeeper/server.ts";
import type { RecordedSession } from "../../../support/recorded-session.ts";
import { fakeServer, open, orders, register, waits, warnings } from "./session-rig.ts";

const auth = { user: "app", password: "secret" };

/** Waits for so many attempts in all, and lets the time pass that is before the next. */
async function attempts(context: TestContext, recorded: RecordedSession, count: number): Promise<void> {
  await recorded.until(`${count} attempts`, () => waits(recorded).length >= count);
  context.mock.timers.tick(10_000);
}

/** Time stands still but for `attempts`. */
async function refused(
  context: TestContext,
  prepare: (fake: FakeZooKeeper) => void,
): Promise<{ fake: FakeZooKeeper; recorded: RecordedSession }> {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const fake = await fakeServer(context);
  register(fake, orders, "10.0.0.1");
  prepare(fake);
  const recorded = open(context, [fake.port], { auth });
  for (let attempt = 1; attempt <= 3; attempt++) await attempts(context, recorded, attempt);
  return { fake, recorded };
}

suite("whoever is refused", () => {
  const refusals: [why: string, refuse: (fake: FakeZooKeeper) => void, allow: (fake: FakeZooKeeper) => void, reason: RegExp][] = [
    [
      "for a wrong password",
      (fake) => fake.protect("/dubbo", "app:another"),
      (fake) => fake.protect("/dubbo", "app:secret"),
      /NO_AUTH \(-102\) at \/dubbo/,
    ],
    [
      "for a scheme that the server does not know",
      (fake) => fake.schemes.clear(),
      (fake) => fake.schemes.add("digest"),
      /the server refused the credentials/,
    ],
  ];
  for (const [why, refuse, allow, reason] of refusals) {
    test(`${why} says so once, tries again slowly, and is let in when that has changed`, async (context) => {
      const { fake, recorded } = await refused(context, refuse);
      assert.equal(warnings(recorded).length, 1);
      assert.match(warnings(recorded)[0]!, reason);
      const established = recorded.told.filter(({ text }) => text === "info: session established");
      assert.equal(established.length, 1, "that it is taken at first is no news either");
      for (const wait of waits(recorded)) assert.ok(wait >= 2_500, `${wait} ms`);
      assert.equal(recorded.count("commit"), 0);
      allow(fake);
      await recorded.synced();
      assert.deepEqual(recorded.instances(orders), ["dubbo://10.0.0.1:20880"]);
    });
  }

  test("by every server for its certificate asks each in turn before the long wait, and says each once", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const servers = await Promise.all(Array.from({ length: 3 }, () => fakeServer(context, certificate("server"))));
    const tls = { ca: certificateFile("stranger-authority.pem") };
    const recorded = open(
      context,
      servers.map(({ port }) => port),
      { tls },
    );
    for (let attempt = 1; attempt <= 6; attempt++) await attempts(context, recorded, attempt);
    assert.deepEqual(
      waits(recorded)
        .slice(0, 6)
        .map((wait) => wait >= 2_500),
      [false, false, true, false, false, true],
    );
    assert.equal(warnings(recorded).length, 3);
  });
});

suite("an outage of a whole ensemble", () => {
  test("is said once of every server, whatever their order", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const servers = await Promise.all(Array.from({ length: 3 }, () => fakeServer(context)));
    for (const fake of servers) await fake.shutDown();
    const recorded = open(
      context,
      servers.map(({ port }) => port),
    );
    for (let attempt = 1; attempt <= 9; attempt++) await attempts(context, recorded, attempt);
    assert.equal(warnings(recorded).length, 3);
  });
});
