/**
 * Dubbo's override rules in a real ZooKeeper, as a delta client sees them through the whole program: who may
 * be called and with which weight, while rules are written and deleted, and across a restart of ours.
 */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { DeltaClient } from "../support/delta-client.ts";
import { decodeSpec } from "../support/google-protobuf-decoder.ts";
import { DubboWriter, type Provider } from "./servers/dubbo-writer.ts";
import { Tributary } from "./servers/tributary.ts";
import { ZooKeeper } from "./servers/zookeeper.ts";

const serviceEntry = "type.googleapis.com/istio.networking.v1alpha3.ServiceEntry";
const facade = "com.acme.order.api.OrderFacade";
const ordersName = `tributary/${facade.toLowerCase()}.dubbo`;
const usersName = "tributary/com.acme.user.api.userfacade.dubbo";
const a: Provider = { interface: facade, host: "10.20.1.1", port: 20880 };
const b: Provider = { interface: facade, host: "10.20.1.2", port: 20880 };
const user: Provider = { interface: "com.acme.user.api.UserFacade", host: "10.20.2.1", port: 20880 };
const all = "10.20.1.1*0 10.20.1.2*0";
/** From the rule's being written to the client's having it. */
const patience = 1_000;

interface Case {
  readonly rule: string;
  readonly path: string;
  readonly content: string;
  /** Endpoints of both services, each with its weight; 0: none is written. */
  readonly orders: string;
  readonly users?: string;
}

const cases: readonly Case[] = [
  {
    rule: "a node below the interface that disables a provider",
    path: overrideOf(a, "disabled=true"),
    content: "",
    orders: "10.20.1.2*0",
  },
  {
    rule: "a node below the interface that sets a weight",
    path: overrideOf(a, "weight=10"),
    content: "",
    orders: "10.20.1.1*1 10.20.1.2*10",
  },
  {
    rule: "a service's rule of the config centre that sets a weight",
    path: `/dubbo/config/dubbo/${facade}::.configurators`,
    content: document("service", facade, "side: provider", `addresses: ['${a.host}:20880']`, "parameters: {weight: 50}"),
    orders: "10.20.1.1*1 10.20.1.2*2",
  },
  {
    rule: "a service's rule of the config centre that makes consumers leave a provider out",
    path: `/dubbo/config/dubbo/${facade}::.configurators`,
    content: document("service", facade, "side: consumer", `providerAddresses: ['${b.host}:20880']`, "parameters: {disabled: true}"),
    orders: "10.20.1.1*0",
  },
  {
    rule: "an application's rule of the config centre that disables its providers",
    path: "/dubbo/config/dubbo/order-center.configurators",
    content: document("application", "order-center", "side: provider", "parameters: {disabled: true}"),
    orders: "",
    users: "",
  },
];

suite("override rules in a real ZooKeeper, as a delta client sees them", { concurrency: false }, () => {
  let zookeeper: ZooKeeper;
  let writer: DubboWriter;
  let tributary: Tributary;
  let client: DeltaClient;

  before(async () => {
    zookeeper = await ZooKeeper.start();
    writer = await DubboWriter.connect(zookeeper.address, 120_000);
    for (const provider of [a, b, user]) await writer.register(provider);
    tributary = await Tributary.start({ registries: [{ id: "zk", type: "zookeeper", servers: zookeeper.address }] });
    client = new DeltaClient({ target: tributary.address });
    client.subscribe(serviceEntry);
    await client.waitFor(() => endpoints(client, ordersName) === all && endpoints(client, usersName) === "10.20.2.1*0", 20_000);
  });

  after(async () => {
    client?.stop();
    await tributary?.stop();
    await writer?.close();
    await zookeeper?.stop();
  });

  for (const { rule, path, content, orders, users = "10.20.2.1*0" } of cases) {
    test(rule, async (t) => {
      const begun = performance.now();
      await writer.client.create(path, content, "persistent");
      await client.waitFor(() => endpoints(client, ordersName) === orders && endpoints(client, usersName) === users, patience);
      t.diagnostic(`in force after ${Math.round(performance.now() - begun)} ms`);
      await writer.client.remove(path);
      await client.waitFor(() => endpoints(client, ordersName) === all && endpoints(client, usersName) === "10.20.2.1*0", patience);
      assert.equal(client.peer.counts.removals, 0);
    });
  }

  test("a disabled provider is not served for a moment when we are killed and started again", async () => {
    const path = overrideOf(a, "disabled=true");
    await writer.client.create(path, "", "persistent");
    await client.waitFor(() => endpoints(client, ordersName) === "10.20.1.2*0", patience);
    const before = client.responses.length;
    await tributary.kill();
    await tributary.restart();
    // Something new, so that the new state is known to have arrived.
    await writer.register({ ...user, host: "10.20.2.2" });
    await client.waitFor(() => endpoints(client, usersName)?.includes("10.20.2.2") ?? false, 20_000);
    assert.equal(endpoints(client, ordersName), "10.20.1.2*0");
    const sent = client.responses.slice(before).flatMap(({ resources }) => resources);
    assert.ok(!sent.some(({ name, resource }) => name === ordersName && Buffer.from(resource?.value ?? []).includes(a.host)));
  });
});

function overrideOf({ interface: name, host, port }: Provider, parameters: string): string {
  const url = `override://${host}:${port}/${name}?category=configurators&dynamic=false&enabled=true&${parameters}`;
  return `/dubbo/${name}/configurators/${encodeURIComponent(url)}`;
}

function document(scope: string, key: string, ...lines: readonly string[]): string {
  return `configVersion: v3.0\nscope: ${scope}\nkey: ${key}\nenabled: true\nconfigs:\n- ${lines.join("\n  ")}\n`;
}

function endpoints(client: DeltaClient, name: string): string | undefined {
  const held = client.held(serviceEntry).get(name);
  if (!held) return undefined;
  const spec = decodeSpec("ServiceEntry", held.resource.value) as { endpoints: { address: string; weight: number }[] };
  return spec.endpoints.map(({ address, weight }) => `${address}*${weight}`).join(" ");
}
