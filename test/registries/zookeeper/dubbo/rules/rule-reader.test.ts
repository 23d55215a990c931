import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { errorCode, op } from "../../../../support/fake-zookeeper/protocol.ts";
import type { FakeZooKeeper } from "../../../../support/fake-zookeeper/server.ts";
import type { RecordedSession } from "../../../../support/recorded-session.ts";
import { providerNode } from "../../../../support/zookeeper-writer.ts";
import { open, orders, providers, startFake, users } from "../root-rig.ts";

const center = "/dubbo/config/dubbo";
const ofOrders = `${center}/${orders}::.configurators`;
const ofApplication = `${center}/rig.configurators`;

function nodeOf(name: string, host: number, application = "rig"): string {
  const node = providerNode(name, { address: `10.0.0.${host}`, port: 20880 });
  return `${providers(name)}/${node.replace("application%3Drig", `application%3D${application}`)}`;
}

function register(fake: FakeZooKeeper, name: string, host: number, application?: string): void {
  fake.nodes.ensure(providers(name));
  fake.nodes.create(nodeOf(name, host, application));
}

/** A node below the interface that is a rule about all its providers. */
function override(name: string, parameters: string): string {
  const url = `override://0.0.0.0/${name}?category=configurators&dynamic=false&${parameters}`;
  return `/dubbo/${name}/configurators/${encodeURIComponent(url)}`;
}

function create(fake: FakeZooKeeper, path: string, content = ""): void {
  fake.nodes.ensure(path.slice(0, path.lastIndexOf("/")));
  fake.nodes.create(path, Buffer.from(content));
}

/** A rule of the config centre about all providers of a service or an application. */
function rule(key: string, parameters: string): string {
  const scope = key === "rig" ? "application" : "service";
  return `configVersion: v3.0\nscope: ${scope}\nkey: ${key}\nconfigs:\n- side: provider\n  parameters: {${parameters}}\n`;
}

/** What is known of a service's instances: their health or else their weight. */
function seen(recorded: RecordedSession, name: string): string | undefined {
  return recorded.view
    .get(`service/||${name}|`)
    ?.instances.map(({ health, weight }) => health ?? weight ?? "plain")
    .join();
}

/** The different states in which a service was ever told. */
function everTold(recorded: RecordedSession, name: string): string[] {
  const told = recorded.told.filter(({ text }) => text === `service/||${name}|`);
  return [...new Set(told.map(({ service }) => service?.instances.map(({ health, weight }) => health ?? weight ?? "plain").join() ?? ""))];
}

function childrenRead(fake: FakeZooKeeper, path: string): number {
  return fake.requests.filter((request) => request.type === op.getChildren && request.path === path).length;
}

for (const recursive of [false, true]) {
  suite(`rules in ZooKeeper, told by ${recursive ? "one recursive watch" : "one-shot watches"}`, { concurrency: true }, () => {
    test("are in force from the first word on", async (context) => {
      const fake = await startFake(context, recursive);
      for (const name of [orders, users, "com.acme.Items"]) register(fake, name, 1, name === "com.acme.Items" ? "shop" : "rig");
      create(fake, override(orders, "disabled=true"));
      create(fake, override(users, "weight=5"));
      create(fake, ofApplication, rule("rig", "weight: 7"));
      create(fake, `${center}/com.acme.Items::.configurators`, rule("com.acme.Items", "disabled: true"));
      const recorded = open(context, fake, { rules: true });
      await recorded.synced();
      assert.deepEqual(everTold(recorded, orders), ["disabled"]);
      assert.deepEqual(recorded.view.get(`service/||${orders}|`)?.instances[0]?.weight, 7);
      assert.deepEqual(everTold(recorded, users), ["7"]);
      assert.deepEqual(everTold(recorded, "com.acme.Items"), ["disabled"]);
      assert.equal(recorded.count("removed") + recorded.count("suspicious"), 0);
      assert.deepEqual(recorded.problems, []);
    });

    test("are in force when an interface appears later", async (context) => {
      const fake = await startFake(context, recursive);
      register(fake, users, 1);
      const recorded = open(context, fake, { rules: true });
      await recorded.synced();
      create(fake, override(orders, "disabled=true"));
      register(fake, orders, 1);
      await recorded.until("the interface", () => seen(recorded, orders) !== undefined);
      assert.deepEqual(everTold(recorded, orders), ["disabled"]);
    });

    test("below an interface take effect when they are written and when they are deleted", async (context) => {
      const fake = await startFake(context, recursive);
      register(fake, orders, 1);
      register(fake, users, 1);
      const recorded = open(context, fake, { rules: true });
      await recorded.synced();
      for (let time = 0; time < 2; time++) {
        create(fake, override(orders, "disabled=true"));
        await recorded.until("the rule", () => seen(recorded, orders) === "disabled");
        create(fake, override(orders, "weight=9&disabled=false&priority=1"));
        await recorded.until("a second rule", () => seen(recorded, orders) === "9");
        fake.nodes.deleteTree(`/dubbo/${orders}/configurators`);
        await recorded.until("the end of both", () => seen(recorded, orders) === "plain");
      }
      assert.equal(childrenRead(fake, providers(users)), 1, "no other interface is read");
      assert.equal(recorded.count("removed"), 0);
    });

    test("of the config centre take effect when they are written, changed and deleted", async (context) => {
      const fake = await startFake(context, recursive);
      register(fake, orders, 1);
      register(fake, users, 1);
      const recorded = open(context, fake, { rules: true });
      await recorded.synced();
      for (let time = 0; time < 2; time++) {
        create(fake, ofOrders, rule(orders, "weight: 3"));
        await recorded.until("the rule", () => seen(recorded, orders) === "3");
        fake.nodes.setData(ofOrders, Buffer.from(rule(orders, "weight: 4")));
        await recorded.until("the change", () => seen(recorded, orders) === "4");
        fake.nodes.setData(ofOrders, Buffer.from(rule(orders, "disabled: true")));
        await recorded.until("the second change", () => seen(recorded, orders) === "disabled");
        if (time === 0) fake.nodes.delete(ofOrders);
        else fake.nodes.deleteTree("/dubbo/config");
        await recorded.until("its end", () => seen(recorded, orders) === "plain");
      }
      assert.equal(childrenRead(fake, providers(users)), 1, "no other interface is read");
    });

    test("of an application concern the interfaces that it provides", async (context) => {
      const fake = await startFake(context, recursive);
      register(fake, orders, 1);
      register(fake, orders, 2, "shop");
      register(fake, users, 1);
      register(fake, "com.acme.Items", 1, "shop");
      const recorded = open(context, fake, { rules: true });
      await recorded.synced();
      create(fake, ofApplication, rule("rig", "disabled: true"));
      await recorded.until("the rule", () => seen(recorded, orders) === "disabled,plain" && seen(recorded, users) === "disabled");
      assert.deepEqual(everTold(recorded, "com.acme.Items"), ["plain"]);
      assert.equal(childrenRead(fake, "/dubbo/com.acme.Items/providers"), 1);
      register(fake, "com.acme.Items", 2);
      await recorded.until("a provider of the application elsewhere", () => seen(recorded, "com.acme.Items") === "plain,disabled");
    });

    test("of an interface that was deleted and is there again are read anew", async (context) => {
      const fake = await startFake(context, recursive);
      register(fake, orders, 1);
      create(fake, override(orders, "disabled=true"));
      const recorded = open(context, fake, { rules: true });
      await recorded.synced();
      for (const [parameters, state] of [
        ["", "plain"],
        ["weight=3", "3"],
      ] as const) {
        fake.nodes.deleteTree(`/dubbo/${orders}`);
        await recorded.until("the removal", () => seen(recorded, orders) === undefined);
        if (parameters !== "") create(fake, override(orders, parameters));
        register(fake, orders, 1);
        await recorded.until("its return", () => seen(recorded, orders) !== undefined);
        assert.equal(seen(recorded, orders), state);
      }
    });

    test("are read again with every listing, whatever the watches said", async (context) => {
      const fake = await startFake(context, recursive);
      register(fake, orders, 1);
      create(fake, ofOrders, rule(orders, "weight: 3"));
      const recorded = open(context, fake, { rules: true });
      await recorded.synced();
      const reads = () => [
        fake.requests.filter(({ type, path }) => type === op.getData && path === ofOrders).length,
        childrenRead(fake, center),
        childrenRead(fake, `/dubbo/${orders}/configurators`),
      ];
      assert.deepEqual(reads(), [1, 1, 1]);
      recorded.session.relist();
      await recorded.synced(2);
      assert.deepEqual(reads(), [2, 2, 2]);
      assert.deepEqual(everTold(recorded, orders), ["3"]);
    });

    test("that a provider applies itself change nothing when it registers anew", async (context) => {
      const fake = await startFake(context, recursive);
      register(fake, orders, 1);
      const recorded = open(context, fake, { rules: true });
      await recorded.synced();
      create(fake, ofOrders, rule(orders, "weight: 3"));
      await recorded.until("the rule", () => seen(recorded, orders) === "3");
      fake.nodes.delete(nodeOf(orders, 1));
      fake.nodes.create(`${nodeOf(orders, 1)}%26weight%3D3%26providerAddresses%3D0.0.0.0`);
      register(fake, users, 1);
      await recorded.until("a later change", () => seen(recorded, users) !== undefined);
      const [before, ...after] = recorded.told.filter(({ text, service }) => text.includes(orders) && service?.instances[0]?.weight === 3);
      for (const { service } of after) assert.equal(JSON.stringify(service), JSON.stringify(before?.service));
    });

    test("that cannot be read are told once, over listings and sessions, and what was known of them stays in force", async (context) => {
      const fake = await startFake(context, recursive);
      register(fake, orders, 1);
      create(fake, ofOrders, rule(orders, "weight: 3"));
      create(fake, ofApplication, "configs: 5");
      create(fake, override(orders, "weight=ten"));
      const recorded = open(context, fake, { rules: true });
      await recorded.synced();
      fake.nodes.setData(ofOrders, Buffer.from("{".repeat(1_000)));
      for (let listing = 2; listing < 4; listing++) {
        recorded.session.relist();
        await recorded.synced(listing);
      }
      fake.disconnectAll();
      await recorded.synced(4);
      assert.deepEqual(
        recorded.problems.map(({ code, where }) => `${code} ${where}`).sort(),
        [`bad-rule ${ofApplication}`, `bad-rule ${ofOrders}`, `bad-rule ${override(orders, "weight=ten")}`].sort(),
      );
      assert.equal(seen(recorded, orders), "3");
    });

    test("that may not be read are said, cost nothing else, and stay in force if they were known", async (context) => {
      const fake = await startFake(context, recursive);
      register(fake, orders, 1);
      create(fake, ofOrders, rule(orders, "disabled: true"));
      create(fake, override(orders, "weight=3"));
      const recorded = open(context, fake, { rules: true });
      await recorded.synced();
      const forbidden = [center, ofOrders, `/dubbo/${orders}/configurators`];
      fake.answer = ({ path }) => (forbidden.includes(path) ? errorCode.noAuth : undefined);
      fake.disconnectAll();
      await recorded.synced(2);
      assert.equal(seen(recorded, orders), "disabled");
      assert.deepEqual(recorded.problems.map(({ code, where }) => `${code} ${where}`).sort(), [
        `no-permission /dubbo/${orders}/configurators`,
        `no-permission ${center}`,
      ]);
      const other = open(context, fake, { rules: true });
      await other.synced();
      assert.equal(seen(other, orders), "plain");
    });

    test("whose reading fails fail the listing: nothing is told from half of it", async (context) => {
      const fake = await startFake(context, recursive);
      register(fake, orders, 1);
      create(fake, ofOrders, rule(orders, "disabled: true"));
      fake.answer = ({ type, path }) => (type === op.getData && path === ofOrders ? -1 : undefined);
      const recorded = open(context, fake, { rules: true });
      await recorded.until("the failure", () => recorded.count("unreachable") > 0);
      assert.equal(recorded.count("commit") + everTold(recorded, orders).length, 0);
      fake.answer = undefined;
      await recorded.synced();
      assert.deepEqual(everTold(recorded, orders), ["disabled"]);
    });

    test("are not what else lies in the config centre", async (context) => {
      const fake = await startFake(context, recursive);
      register(fake, orders, 1);
      const others = ["rig.tag-router", `${orders}::.condition-router`, "dubbo.properties"].map((node) => `${center}/${node}`);
      for (const path of others) create(fake, path, "weight: 1");
      const recorded = open(context, fake, { rules: true });
      await recorded.synced();
      for (const path of others) fake.nodes.setData(path, Buffer.from("disabled: true"));
      create(fake, `${center}/shop.tag-router`, "configs: 5");
      create(fake, ofOrders, rule(orders, "weight: 3"));
      await recorded.until("a rule", () => seen(recorded, orders) === "3");
      assert.deepEqual(new Set(fake.requests.filter(({ type }) => type === op.getData).map(({ path }) => path)), new Set([ofOrders]));
      assert.deepEqual(recorded.problems, []);
    });

    test("lie where root and chroot say", async (context) => {
      const fake = await startFake(context, recursive);
      fake.nodes.ensure(`/prod/registry/${orders}/providers`);
      fake.nodes.create(`/prod/registry/${orders}/providers/${providerNode(orders, { address: "10.0.0.1", port: 20880 })}`);
      const recorded = open(context, fake, { rules: true, chroot: "/prod", root: "/registry" });
      await recorded.synced();
      create(fake, `/prod/registry/config/dubbo/${orders}::.configurators`, rule(orders, "weight: 3"));
      await recorded.until("the rule", () => seen(recorded, orders) === "3");
    });

    test("are not read if they are not wanted", async (context) => {
      const fake = await startFake(context, recursive);
      register(fake, orders, 1);
      create(fake, ofOrders, rule(orders, "disabled: true"));
      create(fake, override(orders, "disabled=true"));
      const recorded = open(context, fake);
      await recorded.synced();
      assert.equal(seen(recorded, orders), "plain");
      assert.ok(!fake.requests.some(({ path }) => path.includes("configurators") || path.includes("config")));
    });
  });
}

test("rules of many interfaces are read a few hundred at a time where one watch tells of all; those with long names alone", async (context) => {
  const fake = await startFake(context, true);
  const names = [...Array.from({ length: 450 }, (_, at) => `com.acme.S${at}`), `com.acme.${"long".repeat(300)}`];
  for (const name of names) {
    register(fake, name, 1);
    create(fake, override(name, "disabled=true"));
  }
  const recorded = open(context, fake, { rules: true });
  await recorded.synced();
  for (const name of names) assert.deepEqual(everTold(recorded, name), ["disabled"]);
  const ofRules = fake.requests.filter(
    ({ type }, at, { [at + 1]: first }) => type === op.multiRead && first?.path.endsWith("/configurators"),
  );
  assert.equal(ofRules.length, 3);
  for (const name of names) assert.equal(childrenRead(fake, `/dubbo/${name}/configurators`), 1);
});

test("rules of which a recursive watch tells nothing are followed by others, without a word of removal", async (context) => {
  const fake = await startFake(context, true);
  register(fake, orders, 1);
  const hidden = override(orders, "disabled=true");
  // Its name may be read with the folder, itself not: so ZooKeeper tells nothing of it (3.9.3, observed).
  fake.protect(hidden, "somebody:else");
  const recorded = open(context, fake, { rules: true });
  await recorded.synced();
  fake.nodes.ensure(`/dubbo/${orders}/configurators`);
  recorded.session.relist();
  await recorded.synced(2);
  create(fake, hidden);
  assert.equal(seen(recorded, orders), "plain");
  recorded.session.relist();
  await recorded.until("the rule", () => seen(recorded, orders) === "disabled");
  await recorded.until("the warning", () => recorded.told.some(({ text }) => /^warn: the recursive watch does not tell/.test(text)));
  await recorded.until("watches on every node", () => fake.watches > 1);
  fake.nodes.delete(hidden);
  await recorded.until("its end", () => seen(recorded, orders) === "plain");
  assert.equal(recorded.count("unreachable") + recorded.count("removed"), 0);
});
