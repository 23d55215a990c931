import assert from "node:assert/strict";
import { lookup } from "node:dns";
import { suite, type TestContext, test } from "node:test";
import type { Problem } from "../../../../src/registries/contract.ts";
import { Client } from "../../../../src/registries/zookeeper/connection/client.ts";
import type { Instances } from "../../../../src/registries/zookeeper/curator/service-folder.ts";
import { ServicesTree } from "../../../../src/registries/zookeeper/curator/services-tree.ts";
import { op } from "../../../support/fake-zookeeper/protocol.ts";
import { FakeZooKeeper } from "../../../support/fake-zookeeper/server.ts";

/** A tree that is followed on a fake server, and all it told: `pay: 1 2`, `pay gone`. */
class Followed {
  readonly fake: FakeZooKeeper;
  readonly tree: ServicesTree;
  readonly told: string[] = [];
  readonly problems: Problem[] = [];
  readonly #known: Map<string, Instances>;
  readonly #waiting = new Set<() => void>();

  constructor(fake: FakeZooKeeper, client: Client, known: Map<string, Instances>, maxInFlight: number) {
    this.fake = fake;
    this.#known = known;
    this.tree = new ServicesTree({
      client,
      root: "/services",
      maxInFlight,
      known,
      emit: { problem: (problem) => this.problems.push(problem), suspicious: () => this.#tell("suspicious") },
      told: (name, instances) => this.#tell(`${name}: ${[...instances.keys()].sort().join(" ")}`),
      gone: (name) => this.#tell(`${name} gone`),
      vanished: () => this.#tell("vanished"),
      failed: () => this.#tell("failed"),
    });
  }

  static async open(context: TestContext, fake: FakeZooKeeper, { known = new Map<string, Instances>(), maxInFlight = 16 } = {}) {
    const server = { host: "127.0.0.1", port: fake.port };
    let followed: Followed | undefined;
    const client = await new Promise<Client>((resolve, reject) => {
      const made = new Client(
        server,
        { servers: [server], watches: fake.recursiveWatches ? "auto" : "one-shot", sessionTimeout: 5_000, connectTimeout: 5_000 },
        {
          established: () => resolve(made),
          changed: (path) => followed?.tree.changed(path),
          contact() {},
          lost: ({ reason }) => reject(new Error(reason)),
        },
        lookup,
      );
    });
    followed = new Followed(fake, client, known, maxInFlight);
    context.after(async () => {
      followed.tree.stop();
      await client.close();
    });
    return followed;
  }

  /** The services with their instances' nodes, as told last. */
  get view(): Record<string, string> {
    return Object.fromEntries([...this.#known].sort().map(([name, instances]) => [name, [...instances.keys()].sort().join(" ")]));
  }

  port(name: string, node: string): number | undefined {
    return this.#known.get(name)?.get(node)?.port;
  }

  until(what: string, condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not within 5 s: ${what}; told: ${this.told.join(", ")}`)), 5_000);
      const look = (): void => {
        if (!condition()) return;
        this.#waiting.delete(look);
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  untilTold(text: string): Promise<void> {
    return this.until(text, () => this.told.includes(text));
  }

  #tell(text: string): void {
    this.told.push(text);
    for (const look of [...this.#waiting]) look();
  }
}

async function startFake(context: TestContext, recursiveWatches: boolean): Promise<FakeZooKeeper> {
  const fake = await FakeZooKeeper.start();
  fake.recursiveWatches = recursiveWatches;
  context.after(() => fake.shutDown());
  return fake;
}

function content(port: number): Buffer {
  return Buffer.from(JSON.stringify({ name: "any", id: "any", address: "10.0.0.1", port }));
}

function register(fake: FakeZooKeeper, name: string, ...nodes: string[]): void {
  fake.nodes.ensure(`/services/${name}`);
  for (const node of nodes) fake.nodes.create(`/services/${name}/${node}`, content(8080));
}

for (const recursive of [true, false])
  suite(`a services tree, ${recursive ? "with one recursive watch" : "with one-shot watches"}`, { concurrency: true }, () => {
    const fakeServer = (context: TestContext) => startFake(context, recursive);

    test("is listed whole, with names that hold slashes, and with services in services", async (context) => {
      const fake = await fakeServer(context);
      register(fake, "order", "1", "2");
      register(fake, "team-a/pay", "1");
      register(fake, "team-a/pay/eu", "3");
      register(fake, "empty");
      const followed = await Followed.open(context, fake);
      await followed.tree.list();
      assert.deepEqual(followed.view, { order: "1 2", "team-a/pay": "1", "team-a/pay/eu": "3" });
      assert.equal(followed.told.length, 3, "folders that never held an instance are not told");
      assert.deepEqual(followed.problems, []);
    });

    test("that does not exist is empty, and is followed once it is created", async (context) => {
      const fake = await fakeServer(context);
      const followed = await Followed.open(context, fake);
      await followed.tree.list();
      assert.deepEqual(followed.told, []);
      const costs = recursive ? [op.addWatch, op.getChildren] : [op.getChildren, op.exists];
      assert.deepEqual(
        fake.requests.map(({ type }) => type).filter((type) => type !== op.sync),
        costs,
      );
      register(fake, "order", "1");
      await followed.untilTold("order: 1");
    });

    test("tells instances that come, go, and are written anew in place", async (context) => {
      const fake = await fakeServer(context);
      register(fake, "order", "1");
      register(fake, "pay", "1");
      const followed = await Followed.open(context, fake);
      await followed.tree.list();
      fake.requests.length = 0;
      fake.nodes.create("/services/order/2", content(8080));
      await followed.untilTold("order: 1 2");
      assert.equal(fake.requests.filter(({ type }) => type === op.getData).length, 1, "only what is new is read");
      fake.nodes.setData("/services/order/1", content(9090));
      await followed.until("the new port", () => followed.port("order", "1") === 9090);
      fake.nodes.setData("/services/order/1", content(9091));
      await followed.until("a second one", () => followed.port("order", "1") === 9091);
      fake.nodes.delete("/services/order/1");
      await followed.untilTold("order: 2");
      fake.nodes.delete("/services/order/2");
      await followed.untilTold("order: ");
      assert.deepEqual(followed.view, { order: "", pay: "1" });
      assert.ok(!followed.told.slice(2).some((text) => text.startsWith("pay")));
    });

    test("says nothing of an instance that registers anew within milliseconds, but for its new content", async (context) => {
      const fake = await fakeServer(context);
      register(fake, "order", "1");
      const followed = await Followed.open(context, fake);
      await followed.tree.list();
      // The node's own watch fires first and lets its content be read; the node is back just before the second reading.
      const readings: number[] = [];
      fake.answer = ({ path }) => {
        if (path.startsWith("/services/order")) readings.push(performance.now());
        if (readings.length === 2) fake.nodes.create("/services/order/1", content(9090));
        return undefined;
      };
      fake.nodes.delete("/services/order/1");
      await followed.until("the new content", () => followed.port("order", "1") === 9090);
      assert.ok((readings[1] as number) - (readings[0] as number) >= 10, "real instances take up to 9 ms");
      assert.deepEqual(new Set(followed.told), new Set(["order: 1"]));
    });

    test("tells what comes at once, also while something else is in doubt", async (context) => {
      const fake = await fakeServer(context);
      register(fake, "order", "1");
      const followed = await Followed.open(context, fake);
      await followed.tree.list();
      fake.nodes.create("/services/order/2", content(8080));
      fake.nodes.delete("/services/order/1");
      await followed.untilTold("order: 2");
      assert.deepEqual(followed.told, ["order: 1", "order: 1 2", "order: 2"]);
    });

    test("loses the folders that the server removes, one after the other, and finds them when they are there again", async (context) => {
      const fake = await fakeServer(context);
      register(fake, "team-a/pay", "1");
      register(fake, "order", "1");
      const followed = await Followed.open(context, fake);
      await followed.tree.list();
      fake.nodes.delete("/services/team-a/pay/1");
      await followed.untilTold("team-a/pay: ");
      fake.nodes.delete("/services/team-a/pay");
      await followed.untilTold("team-a/pay gone");
      fake.nodes.delete("/services/team-a");
      register(fake, "team-a/pay", "2");
      await followed.untilTold("team-a/pay: 2");
      fake.nodes.deleteTree("/services/team-a");
      register(fake, "team-a/pay", "3");
      await followed.untilTold("team-a/pay: 3");
      fake.nodes.deleteTree("/services/order");
      await followed.untilTold("order gone");
      assert.deepEqual(followed.view, { "team-a/pay": "3" });
      assert.ok(!followed.told.includes("failed"));
    });

    test("whose root vanishes asks to be listed, is doubted first, and is followed again when it returns", async (context) => {
      const fake = await fakeServer(context);
      register(fake, "order", "1");
      const followed = await Followed.open(context, fake);
      await followed.tree.list();
      fake.nodes.deleteTree("/services");
      await followed.untilTold("vanished");
      const listed = followed.tree.list();
      await followed.untilTold("suspicious");
      assert.ok(!followed.told.includes("order gone"));
      await listed;
      assert.equal(followed.told.at(-1), "order gone");
      register(fake, "order", "2");
      await followed.untilTold("order: 2");
    });

    test("whose root goes after its last instance is no reason for doubt", async (context) => {
      const fake = await fakeServer(context);
      register(fake, "order", "1");
      const followed = await Followed.open(context, fake);
      await followed.tree.list();
      fake.nodes.delete("/services/order/1");
      await followed.untilTold("order: ");
      fake.nodes.delete("/services/order");
      await followed.untilTold("order gone");
      fake.nodes.delete("/services");
      await followed.tree.list();
      assert.ok(!followed.told.includes("suspicious"));
      register(fake, "order", "2");
      await followed.untilTold("order: 2");
    });

    test("of a new session knows what the last one told: what is gone is read twice, then told", async (context) => {
      const fake = await fakeServer(context);
      register(fake, "order", "1", "2");
      register(fake, "pay", "1");
      const known = new Map<string, Instances>([["inherited", new Map()]]);
      const earlier = await Followed.open(context, fake, { known });
      await earlier.tree.list();
      earlier.tree.stop();
      assert.ok(!known.has("inherited"));
      fake.nodes.delete("/services/order/1");
      fake.nodes.deleteTree("/services/pay");
      const followed = await Followed.open(context, fake, { known });
      await followed.tree.list();
      assert.deepEqual(followed.told, ["order: 1 2", "order: 2", "pay gone"]);
    });

    test("keeps what an earlier worker told, empty, as long as its folder is there", async (context) => {
      const fake = await fakeServer(context);
      register(fake, "order");
      const followed = await Followed.open(context, fake, {
        known: new Map([
          ["order", new Map()],
          ["pay", new Map()],
        ]),
      });
      await followed.tree.list();
      assert.deepEqual(followed.told, ["order: ", "pay gone"]);
    });

    test("with bad instances loses only those", async (context) => {
      const fake = await fakeServer(context);
      register(fake, "order", "1", "2");
      fake.nodes.create("/services/order/bad", Buffer.from("{"));
      const followed = await Followed.open(context, fake);
      await followed.tree.list();
      assert.deepEqual(followed.view, { order: "1 2" });
      assert.deepEqual(
        followed.problems.map(({ code, where }) => [code, where]),
        [["bad-instance", "/services/order/bad"]],
      );
      fake.nodes.setData("/services/order/bad", content(1));
      await followed.untilTold("order: 1 2 bad");
      fake.nodes.setData("/services/order/2", Buffer.from("{}"));
      await followed.untilTold("order: 1 bad");
    });

    test("is not followed beyond a depth, and says so", async (context) => {
      const fake = await fakeServer(context);
      register(fake, "1/2/3/4/5/6/7/8", "a");
      register(fake, "1/2/3/4/5/6/7/8/9", "a");
      const followed = await Followed.open(context, fake);
      await followed.tree.list();
      assert.deepEqual(followed.view, { "1/2/3/4/5/6/7/8": "a" });
      assert.deepEqual(
        followed.problems.map(({ code }) => code),
        ["nested-too-deep"],
      );
    });

    test("may be forbidden in part: what was never read is skipped, what was read makes the listing fail", async (context) => {
      const fake = await fakeServer(context);
      register(fake, "order", "1", "2");
      register(fake, "pay", "1");
      const closed = new Set(["/services/pay", "/services/order/2"]);
      fake.answer = ({ path }) => (closed.has(path) ? -102 : undefined);
      const followed = await Followed.open(context, fake);
      await followed.tree.list();
      assert.deepEqual(followed.view, { order: "1" });
      assert.deepEqual(followed.problems.map(({ code, where }) => `${code} ${where}`).sort(), [
        "no-permission /services/order/2",
        "no-permission /services/pay",
      ]);
      closed.add("/services/order/1");
      await assert.rejects(followed.tree.list(), /NO_AUTH/);
      closed.clear();
      closed.add("/services/order");
      await assert.rejects(followed.tree.list(), /NO_AUTH/);
      assert.deepEqual(followed.view, { order: "1" });
    });

    test("says when a reading that a watch called for failed", async (context) => {
      const fake = await fakeServer(context);
      register(fake, "order", "1");
      const followed = await Followed.open(context, fake);
      await followed.tree.list();
      fake.answer = ({ path }) => (path === "/services/order" ? -1 : undefined);
      fake.nodes.create("/services/order/2", content(8080));
      await followed.untilTold("failed");
      register(fake, "pay", "1");
      await followed.untilTold("pay: 1");
      assert.deepEqual(followed.view, { order: "1", pay: "1" });
    });

    test("loses no change while many come at once, with few requests on their way", async (context) => {
      const fake = await fakeServer(context);
      for (let at = 0; at < 30; at++) register(fake, `s${at}`, "1");
      const followed = await Followed.open(context, fake, { maxInFlight: 4 });
      await followed.tree.list();
      for (let node = 2; node <= 10; node++) for (let at = 0; at < 40; at++) register(fake, `s${at}`, String(node));
      for (let at = 0; at < 40; at += 2) fake.nodes.delete(`/services/s${at}/10`);
      const size = (at: number) => (at < 30 ? 10 : 9) - (at % 2 === 0 ? 1 : 0);
      await followed.until("every service", () =>
        Array.from({ length: 40 }, (_, at) => at).every((at) => followed.view[`s${at}`]?.split(" ").length === size(at)),
      );
    });
  });
