import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import fc from "fast-check";
import { type RegisterFormat, withOwnPart } from "../../src/register/annotation.ts";
import { listenLocally } from "../../src/register/local-input.ts";
import { type RegisterOptions, register } from "../../src/register/register.ts";
import { checkedServices, parseServiceFlag, parseServices } from "../../src/register/service-document.ts";
import { decoder } from "../../src/registries/pod-records/decoder.ts";
import { recordsPayload } from "../../src/registries/pod-records/records.ts";
import { run } from "../support/command-line.ts";
import { FakeKubernetes } from "../support/fake-kubernetes/server.ts";
import { podObject, providerKey } from "../support/pod-objects.ts";

const key = "tributary.dev/services";
const orders = { name: "orders", ports: [{ number: 8080, protocol: "http" }] };

/** A pod in a fake cluster, with what happens to its registration. */
async function podRig(t: TestContext, more: RegisterOptions = {}) {
  const fake = await FakeKubernetes.start();
  t.after(() => fake.shutDown());
  const create = (annotations = {}) => fake.objects.put("pods", podObject("order-1", { addresses: ["10.1.0.7"], annotations }));
  const heard: string[] = [];
  const waiting: (() => void)[] = [];
  const hear = (word: string): void => {
    heard.push(word);
    for (const wake of waiting.splice(0)) wake();
  };
  const start = (options: RegisterOptions = {}) =>
    register({
      pod: { namespace: "shop", name: "order-1" },
      access: () => ({ server: fake.url }),
      events: {
        written: (n) => hear(`written ${n}`),
        failed: (reason) => hear(`failed ${reason}`),
        lost: (reason) => hear(`lost ${reason}`),
      },
      ...more,
      ...options,
    });
  return {
    fake,
    create,
    start,
    heard,
    async until(word: RegExp) {
      while (!heard.some((each) => word.test(each))) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    metadata: () => fake.objects.get("pods", "shop/order-1")!.metadata,
    writes: () => fake.calls.filter(({ verb }) => verb === "write").length,
    services() {
      const read = decoder("json-services")(
        this.metadata().annotations![key]!,
        { namespace: "shop", name: "x", addresses: ["10.1.0.7"], labels: {} },
        () => {},
      );
      return typeof read === "string" ? read : read.offers.map(({ key: { name }, instance }) => `${name} ${instance.id}`);
    },
  };
}

suite("registering in the own pod", () => {
  test("writes label and annotation, writes nothing twice, and takes both back", async (t) => {
    const rig = await podRig(t);
    rig.create();
    const registration = rig.start();
    await registration.set([orders]);
    assert.deepEqual(rig.metadata().labels, { [key]: "json-services" });
    assert.deepEqual(rig.services(), ["orders 10.1.0.7:8080"]);
    await registration.set([orders]);
    assert.equal(rig.writes(), 1);
    await registration.withdraw();
    assert.deepEqual([rig.metadata().labels, rig.metadata().annotations], [{}, {}]);
  });

  test("replaces what an earlier process of the pod left behind, and keeps what others wrote", async (t) => {
    const rig = await podRig(t);
    rig.create({ [key]: JSON.stringify({ services: [{ name: "other", ports: [{ number: 1 }], colour: "red" }] }), mine: "kept" });
    // Killed: it withdraws nothing.
    await rig.start().set([{ name: "old", ports: [{ number: 9 }] }]);
    const registration = rig.start();
    await registration.set([orders]);
    assert.deepEqual(rig.services(), ["other 10.1.0.7:1", "orders 10.1.0.7:8080"]);
    const sidecar = rig.start({ writer: "sidecar" });
    await sidecar.set([{ name: "metrics", ports: [{ number: 9090 }] }]);
    await registration.withdraw();
    assert.deepEqual(rig.services(), ["other 10.1.0.7:1", "metrics 10.1.0.7:9090"]);
    assert.match(rig.metadata().annotations![key]!, /"colour":"red"/);
    await sidecar.withdraw();
    assert.equal(rig.metadata().annotations!.mine, "kept");
  });

  test("reads again when somebody else changed the pod meanwhile, without a word", async (t) => {
    const rig = await podRig(t);
    rig.create();
    let interfering = 3;
    rig.fake.answer = ({ verb }) => {
      if (verb === "write" && interfering-- > 0) rig.create({ someone: `else ${interfering}` });
      return undefined;
    };
    await rig.start().set([orders]);
    assert.equal(rig.metadata().annotations!.someone, "else 0");
    assert.deepEqual(rig.services(), ["orders 10.1.0.7:8080"]);
    assert.deepEqual(rig.heard, ["written 1"]);
  });

  test("tries again while the API server is away, and tells", async (t) => {
    const rig = await podRig(t);
    rig.create();
    rig.fake.answer = () => 503;
    const done = rig.start().set([orders]);
    await rig.until(/^failed 503/);
    rig.fake.answer = undefined;
    await done;
    assert.deepEqual(rig.services(), ["orders 10.1.0.7:8080"]);
  });

  test("looks after what it wrote", async (t) => {
    const rig = await podRig(t, { checkMs: 20 });
    rig.create();
    const registration = rig.start();
    await registration.set([orders]);
    rig.create({ someone: "wrote all anew" });
    rig.heard.length = 0;
    await rig.until(/written/);
    assert.deepEqual(rig.services(), ["orders 10.1.0.7:8080"]);
    await registration.withdraw();
  });

  test("never writes another pod of the same name", async (t) => {
    const rig = await podRig(t);
    rig.create();
    await assert.rejects(rig.start({ pod: { namespace: "shop", name: "order-1", uid: "another" } }).set([orders]), /uid/);
    await assert.rejects(rig.start({ pod: { namespace: "shop", name: "none" } }).set([orders]), /does not exist/);
    assert.equal(rig.writes(), 0);
  });

  test("does not overwrite an annotation in somebody else's form", async (t) => {
    const rig = await podRig(t);
    rig.create({ [key]: "free text" });
    const registration = rig.start();
    void registration.set([orders]);
    await rig.until(/^failed the annotation holds something else/);
    await registration.withdraw(50);
    assert.equal(rig.metadata().annotations![key], "free text");
  });

  test("gives up withdrawing in time", async (t) => {
    const rig = await podRig(t);
    rig.create();
    const registration = rig.start();
    await registration.set([orders]);
    rig.fake.behaviour = "mute";
    await registration.withdraw(50);
  });
});

suite("our part of an annotation", () => {
  const own = { writer: "register", address: "10.1.0.7", startedAt: 1_700_000_000 };

  test("in the form of dubbo-go is read as a provider, and replaces itself alone", () => {
    const services = checkedServices({
      services: [
        {
          name: "com.acme.A$B",
          group: "g 1",
          version: "1.0",
          weight: 5,
          labels: { zone: "a&b" },
          ports: [
            { number: 20880, protocol: "dubbo" },
            { number: 50051, protocol: "tri" },
          ],
        },
      ],
    });
    const others = [
      { k: "/dubbo/x/providers", v: "" },
      { k: providerKey("x", "10.1.0.7", 1), v: "" },
    ];
    const payload = withOwnPart("dubbo-records", recordsPayload(others), { ...own, services })!;
    const read = decoder("dubbo-records")(payload, { namespace: "n", name: "p", addresses: ["10.1.0.7"], labels: {} }, () => {});
    if (typeof read === "string") assert.fail(read);
    assert.deepEqual(
      read.offers.map(({ key: { name, group, version }, instance: { id, weight, labels } }) => [
        name,
        group,
        version,
        id,
        weight,
        labels?.zone,
      ]),
      [
        ["x", undefined, undefined, "dubbo://10.1.0.7:1", undefined, undefined],
        ["com.acme.A$B", "g 1", "1.0", "dubbo://10.1.0.7:20880", 5, "a&b"],
        ["com.acme.A$B", "g 1", "1.0", "tri://10.1.0.7:50051", 5, "a&b"],
      ],
    );
    assert.equal(withOwnPart("dubbo-records", payload, { ...own, services }), payload);
    assert.equal(withOwnPart("dubbo-records", payload, { ...own, services: [] }), recordsPayload(others));
  });

  test("is found in whatever it could be put into", () => {
    const services = checkedServices({ services: [orders] });
    const some = fc.oneof(
      fc.string(),
      fc.json(),
      fc.array(fc.object()).map((list) => JSON.stringify({ services: list })),
    );
    fc.assert(
      fc.property(some, (payload) => {
        let written: string;
        try {
          written = withOwnPart("json-services", payload, { ...own, services })!;
        } catch (error) {
          return (error as Error).message.includes("something else");
        }
        const { services: all } = JSON.parse(written) as { services: { writer?: unknown }[] };
        return all.filter((one) => one?.writer === own.writer).length === 1;
      }),
    );
  });

  test("that is all of it takes the annotation along", () => {
    for (const format of ["dubbo-records", "json-services"] satisfies RegisterFormat[]) {
      const payload = withOwnPart(format, undefined, { ...own, services: checkedServices({ services: [orders] }) });
      assert.equal(withOwnPart(format, payload, { ...own, services: [] }), undefined);
      assert.throws(() => withOwnPart(format, "not ours!", { ...own, services: [] }), /something else/);
    }
  });
});

suite("the command", () => {
  test("ends at once, with the reason, where it is not told which pod", async (t) => {
    const { code, stderr } = await run(t, "register", "--service", "orders=http:80");
    assert.equal(code, 1);
    assert.match(stderr, /POD_NAMESPACE and POD_NAME/);
  });
});

suite("what is to be registered", () => {
  test("by a flag", () => {
    const { key: named, ports, weight } = parseServiceFlag("com.acme.Order=dubbo:20880,tri:50051?version=1&group=g&weight=3");
    assert.deepEqual(
      [named, ports.map(({ protocol, number }) => `${protocol} ${number}`), weight],
      [{ group: "g", name: "com.acme.Order", version: "1" }, ["dubbo 20880", "tri 50051"], 3],
    );
    for (const text of ["orders", "=http:80", "orders=http", "orders=http:0", "orders=http:80?colour=red"])
      assert.throws(() => parseServiceFlag(text), text);
  });

  test("by a file in YAML or JSON; nothing of it is left out in silence", () => {
    assert.equal(parseServices("services: [{ name: a, ports: [{ number: 80 }] }]")[0]?.key.name, "a");
    assert.throws(() => parseServices("services: [{ name: a, ports: [{ number: 80 }], colour: red }]"), /colour/);
    assert.throws(() => parseServices("services: 7"), /list of services/);
    assert.throws(() => parseServices("{"), /neither/);
  });

  test("by HTTP on loopback", async (t) => {
    const set: string[][] = [];
    const input = await listenLocally(0, async (services) => void set.push(services.map(({ key: { name } }) => name)));
    t.after(() => input.close());
    const ask = async (method: string, body?: string, type = "application/json", path = "services") => {
      const response = await fetch(`http://127.0.0.1:${input.port}/${path}`, {
        method,
        ...(body && { body, headers: { "content-type": type } }),
      });
      return [response.status, await response.json()] as const;
    };
    assert.deepEqual(await ask("PUT", JSON.stringify({ services: [orders] })), [200, { services: 1 }]);
    assert.deepEqual((await ask("GET"))[1], { services: [{ ...orders, hosts: [] }] });
    assert.deepEqual((await ask("PUT", "{}"))[0], 400);
    assert.deepEqual((await ask("PUT", "{}", "text/plain"))[0], 415);
    assert.deepEqual((await ask("POST"))[0], 405);
    assert.deepEqual((await ask("GET", undefined, undefined, "other"))[0], 404);
    assert.deepEqual(await ask("DELETE"), [200, { services: 0 }]);
    assert.deepEqual(set, [["orders"], []]);
  });
});
