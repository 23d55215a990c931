import assert from "node:assert/strict";
import { lookup } from "node:dns";
import { EventEmitter, once } from "node:events";
import { suite, type TestContext, test } from "node:test";
import { Client, RequestFailed } from "../../../../src/registries/zookeeper/connection/client.ts";
import { op } from "../../../support/fake-zookeeper/protocol.ts";
import { FakeZooKeeper } from "../../../support/fake-zookeeper/server.ts";

/** A client with an established session; `changes` emits `changed` with the path of every watch that fires. */
async function established(context: TestContext, chroot?: string): Promise<{ fake: FakeZooKeeper; client: Client; changes: EventEmitter }> {
  const fake = await FakeZooKeeper.start();
  context.after(() => fake.shutDown());
  const changes = new EventEmitter();
  const server = { host: "127.0.0.1", port: fake.port };
  const client = await new Promise<Client>((resolve, reject) => {
    const made = new Client(
      server,
      { servers: [server], chroot, sessionTimeout: 5_000, connectTimeout: 5_000, watches: "auto" },
      {
        established: () => resolve(made),
        changed: (path) => changes.emit("changed", path),
        contact() {},
        lost: ({ reason }) => reject(new Error(reason)),
      },
      lookup,
    );
  });
  context.after(() => client.close());
  return { fake, client, changes };
}

suite("content of a node", { concurrency: true }, () => {
  test("is read as it is, and its change and deletion are told", async (context) => {
    const { fake, client, changes } = await established(context);
    fake.nodes.create("/node", Buffer.from("one"));
    assert.equal(await client.data("/node", String), "one");
    const [changed] = await Promise.all([once(changes, "changed"), fake.nodes.setData("/node", Buffer.from([0xff]))]);
    assert.deepEqual(changed, ["/node"]);
    assert.equal(await client.data("/node", (content) => content.toString("hex")), "ff");
    assert.deepEqual(await Promise.all([once(changes, "changed"), fake.nodes.delete("/node")]), [["/node"], undefined]);
  });

  test("of a node that does not exist is undefined, and leaves no watch", async (context) => {
    const { fake, client, changes } = await established(context);
    changes.on("changed", (path) => assert.fail(`${path} is watched`));
    assert.equal(await client.data("/node", String), undefined);
    fake.nodes.create("/node", Buffer.from("one"));
    assert.equal(await client.data("/node", String), "one");
  });

  test("can be followed before the node exists", async (context) => {
    const { fake, client, changes } = await established(context, "/chroot");
    fake.nodes.create("/chroot");
    assert.equal(await client.followData("/node", String), undefined);
    const [created] = await Promise.all([once(changes, "changed"), fake.nodes.create("/chroot/node", Buffer.from("one"))]);
    assert.deepEqual(created, ["/node"]);
    assert.equal(await client.followData("/node", String), "one");
  });

  test("that appears between two requests is read", async (context) => {
    const { fake, client } = await established(context);
    fake.answer = ({ type }) => {
      if (type === op.exists && !fake.nodes.has("/node")) fake.nodes.create("/node", Buffer.from("one"));
      return undefined;
    };
    assert.equal(await client.followData("/node", String), "one");
  });

  test("that cannot be understood fails one request only", async (context) => {
    const { fake, client } = await established(context);
    fake.nodes.create("/node", Buffer.from("{"));
    await assert.rejects(
      client.data("/node", (content) => JSON.parse(String(content))),
      SyntaxError,
    );
    assert.equal(await client.data("/node", String), "{");
  });
});

suite("a watched tree", { concurrency: true }, () => {
  test("is watched by one watch, in the words of one-shot ones", async (context) => {
    const { fake, client, changes } = await established(context, "/chroot");
    fake.nodes.ensure("/chroot/tree/a");
    const told: string[] = [];
    changes.on("changed", (path) => told.push(path));
    assert.equal(await client.watchTree("/tree"), true);
    assert.equal(await client.watchTree("/tree/a"), true);
    await client.children("/tree", (names) => names);
    await client.data("/tree/a", String);
    assert.equal(await client.followData("/tree/missing", String), undefined);
    assert.equal(await client.exists("/tree/a"), true);
    assert.equal(fake.watches, 1);
    fake.nodes.setData("/chroot/tree/a", Buffer.from("new"));
    fake.nodes.create("/chroot/tree/a/b");
    fake.nodes.deleteTree("/chroot/tree");
    // Whatever was told before this answer came before it.
    await client.exists("/tree");
    assert.deepEqual(told, ["/tree/a", "/tree/a", "/tree/a/b", "/tree/a", "/tree/a/b", "/tree", "/tree/a", "/tree"]);
  });

  test("leaves the watches beside it as they are", async (context) => {
    const { fake, client, changes } = await established(context);
    for (const path of ["/tree", "/beside"]) fake.nodes.create(path);
    await client.watchTree("/tree");
    await client.children("/beside", (names) => names);
    assert.equal(fake.watches, 2);
    assert.deepEqual(await Promise.all([once(changes, "changed"), fake.nodes.create("/beside/a")]), [["/beside"], undefined]);
  });
});

suite("children of many nodes", { concurrency: true }, () => {
  test("are read in one request, each node for itself, and leave no watch", async (context) => {
    const { fake, client, changes } = await established(context, "/chroot");
    changes.on("changed", (path) => assert.fail(`${path} is watched`));
    for (const path of ["/chroot/a/one", "/chroot/a/two", "/chroot/empty", "/chroot/secret"]) fake.nodes.ensure(path);
    fake.protect("/chroot/secret", "somebody:else");
    const answers: unknown[] = [];
    await client.childrenOfEach(["/a", "/missing", "/secret", "/empty", "/"], (at, answer) => {
      answers[at] = answer instanceof RequestFailed ? answer.message : answer?.sort();
    });
    assert.deepEqual(answers, [["one", "two"], undefined, "NO_AUTH (-102) at /secret", [], ["a", "empty", "secret"]]);
    assert.equal(fake.requests.filter(({ type }) => type === op.multiRead).length, 1);
    fake.nodes.create("/chroot/a/three");
    await client.exists("/");
  });

  test("whose reader fails fail, and nothing else does", async (context) => {
    const { fake, client } = await established(context);
    fake.nodes.create("/a");
    const failing = client.childrenOfEach(["/a"], () => {
      throw new Error("cannot be understood");
    });
    await assert.rejects(failing, /cannot be understood/);
    assert.equal(await client.exists("/a"), true);
    await client.childrenOfEach([], () => assert.fail("none was asked for"));
  });
});

suite("a session", { concurrency: true }, () => {
  test("lets its server catch up with the leader before anything is read", async (context) => {
    const { fake, client } = await established(context);
    await client.exists("/");
    assert.deepEqual(
      fake.requests.map(({ type }) => type),
      [op.sync, op.exists],
    );
  });
});
