/** What nobody should have written into ZooKeeper, for both kinds that read there: it costs only itself, and is said. */
import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { springZookeeperKind } from "../../../src/registries/zookeeper/spring/kind.ts";
import { start as startSpring } from "../../../src/registries/zookeeper/spring/session.ts";
import { curatorLayout } from "../../support/curator-layout.ts";
import { FakeZooKeeper } from "../../support/fake-zookeeper/server.ts";
import { RecordedSession } from "../../support/recorded-session.ts";
import type { RigInstance } from "../../support/registry-driver.ts";
import { dubboLayout, type ZookeeperLayout } from "../../support/zookeeper-writer.ts";

const orders = "com.acme.Orders";
const spring = { schema: springZookeeperKind.schema, start: startSpring };

for (const [kind, layout, recorded] of [
  ["zookeeper", dubboLayout, undefined],
  ["spring-cloud-zookeeper", curatorLayout, spring],
] as const) {
  suite(`bad input of a ${kind} registry`, { concurrency: true }, () => {
    async function startFake(context: TestContext): Promise<FakeZooKeeper> {
      const fake = await FakeZooKeeper.start();
      context.after(() => fake.shutDown());
      return fake;
    }

    function open(context: TestContext, fake: FakeZooKeeper): RecordedSession {
      const session = new RecordedSession({ servers: `127.0.0.1:${fake.port}` }, [], recorded);
      context.after(() => session.session.close());
      return session;
    }

    test("names that are not UTF-8", async (context) => {
      const fake = await startFake(context);
      register(fake, layout, orders, instance(1));
      register(fake, layout, "odd", instance(2));
      // As ZooKeeper writes a character beyond U+FFFF: each half of it alone.
      fake.rawNames.set("odd", Buffer.from("eda0bdedb880", "hex"));
      const session = open(context, fake);
      await session.synced();
      assert.deepEqual([...session.view.keys()], [`service/||${orders}|`]);
      assert.deepEqual(
        session.problems.map(({ code, where }) => [code, where.slice(0, layout.root.length + 2)]),
        [["bad-name", `${layout.root}/\ufffd`]],
      );
      register(fake, layout, orders, instance(3));
      await session.until("a change after it", () => session.instances(orders)?.length === 2);
    });

    test("a node of a megabyte", async (context) => {
      const fake = await startFake(context);
      register(fake, layout, orders, instance(1));
      const folder = layout.folder(orders);
      if (kind === "zookeeper") fake.nodes.create(`${folder}/dubbo%3A%2F%2F10.0.0.2%3A20880%2F${"x".repeat(1_000_000)}`);
      else fake.nodes.create(`${folder}/huge`, Buffer.from(`{"name":"${"x".repeat(1_048_576)}"}`));
      const session = open(context, fake);
      await session.synced();
      assert.equal(session.instances(orders)?.length, 1);
      assert.deepEqual(
        session.problems.map(({ code }) => code),
        [kind === "zookeeper" ? "bad-url" : "bad-instance"],
      );
      assert.ok((session.problems[0]?.message.length ?? 0) < 200);
    });

    test("100,000 children of one node", async (context) => {
      const fake = await startFake(context);
      register(fake, layout, orders, ...Array.from({ length: 100_000 }, (_, at) => instance(at)));
      register(fake, layout, "com.acme.Users", instance(1));
      const session = open(context, fake);
      await session.until("the listing", () => session.count("commit") === 1, 30_000);
      assert.equal(session.instances(orders)?.length, 100_000);
      fake.nodes.delete(pathOf(layout, orders, instance(7)));
      await session.until("a removal among them", () => session.instances(orders)?.length === 99_999, 30_000);
      assert.equal(session.count("unreachable"), 0);
    });
  });
}

function instance(at: number): RigInstance {
  return { address: `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`, port: 20_880 };
}

function pathOf(layout: ZookeeperLayout, name: string, at: RigInstance): string {
  return `${layout.folder(name)}/${layout.node(name, at).name}`;
}

function register(fake: FakeZooKeeper, layout: ZookeeperLayout, name: string, ...instances: RigInstance[]): void {
  fake.nodes.ensure(layout.folder(name));
  for (const one of instances) {
    const { data } = layout.node(name, one);
    fake.nodes.create(pathOf(layout, name, one), data === undefined ? undefined : Buffer.from(data));
  }
}
