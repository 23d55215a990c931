import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { DubboInstance } from "../../../../../src/registries/dubbo/application/dubbo-instance.ts";
import { type MetadataInfo, parseMetadataInfo } from "../../../../../src/registries/dubbo/application/metadata-info.ts";
import type { ProviderUrl } from "../../../../../src/registries/dubbo/provider-url.ts";
import { KnownApplication } from "../../../../../src/registries/zookeeper/dubbo/application/known-application.ts";

function instance(host: number, more: Partial<DubboInstance> = {}): DubboInstance {
  const address = `10.0.0.${host}`;
  const ports = [{ number: 20880, protocol: "dubbo" }];
  const provider: ProviderUrl = {
    scheme: "dubbo",
    address,
    ports,
    interface: undefined,
    group: undefined,
    version: undefined,
    weight: undefined,
    disabled: false,
    persistent: false,
    timestamp: 0,
    labels: { application: "shop" },
  };
  return {
    address,
    endpoints: ports,
    revision: "r1",
    isMetadataRemote: false,
    disabled: false,
    persistent: false,
    providers: [provider],
    ...more,
  };
}

function metadata(...names: string[]): MetadataInfo {
  const services = Object.fromEntries(names.map((name) => [name, { name, protocol: "dubbo", port: 20880 }]));
  return parseMetadataInfo(Buffer.from(JSON.stringify({ services })), "shop") as MetadataInfo;
}

function nodes(...instances: DubboInstance[]): Map<string, DubboInstance> {
  return new Map(instances.map((each) => [each.address, each]));
}

/** An application at a time, with interface-level providers at some addresses. */
class Shop {
  readonly application = new KnownApplication("shop");
  readonly providers = new Set<string>();

  judge(now: number, isComplete = false): boolean {
    return this.application.judge({ now, isComplete, hasProvider: (address) => this.providers.has(address) });
  }

  get unknown(): string[] {
    return this.application.unknown.map(({ address }) => address);
  }

  offers(name: string): string[] {
    return this.application.providersOf(name).map(({ address }) => address);
  }
}

suite("what is known of an application", () => {
  test("are the interfaces that its instances' revisions offer", () => {
    const shop = new Shop();
    assert.deepEqual(shop.application.update(nodes(instance(1), instance(2, { revision: "r2" })), true), new Set());
    assert.deepEqual(shop.application.offer("r1", metadata("a.A", "a.B")), new Set(["a.A", "a.B"]));
    assert.deepEqual(shop.application.offer("r2", metadata("a.B", "a.C")), new Set(["a.B", "a.C"]));
    assert.deepEqual(shop.offers("a.A"), ["10.0.0.1"]);
    assert.deepEqual(shop.offers("a.B"), ["10.0.0.1", "10.0.0.2"]);
    assert.deepEqual(shop.application.update(nodes(instance(1), instance(2, { revision: "r2" })), true), new Set(), "nothing new");
    assert.deepEqual(shop.application.update(nodes(instance(2, { revision: "r2" })), true), new Set(["a.A", "a.B"]));
    assert.equal(shop.application.hasUntold, false);
    shop.judge(0, true);
    assert.deepEqual(shop.unknown, []);
  });

  test("an instance whose new revision cannot be read offers what it offered before", () => {
    const shop = new Shop();
    shop.application.update(nodes(instance(1)), true);
    shop.application.offer("r1", metadata("a.A"));
    shop.application.update(nodes(instance(1, { revision: "r2" })), true);
    shop.judge(0, true);
    assert.deepEqual([shop.offers("a.A"), shop.unknown], [["10.0.0.1"], []]);
    assert.deepEqual(shop.application.offer("r2", metadata("a.B")), new Set(["a.A", "a.B"]));
    assert.deepEqual([shop.offers("a.A"), shop.offers("a.B")], [[], ["10.0.0.1"]]);
  });

  test("revisions that no instance has any more are forgotten", () => {
    const shop = new Shop();
    shop.application.update(nodes(instance(1)), true);
    shop.application.offer("r1", metadata("a.A"));
    shop.application.update(nodes(), true);
    shop.application.forgetRevisions();
    shop.application.update(nodes(instance(1)), true);
    assert.deepEqual(shop.offers("a.A"), []);
  });
});

suite("an instance whose services no metadata tell", () => {
  test("is unknown at once where both levels were just read, unless its metadata are to come", () => {
    const shop = new Shop();
    shop.application.update(nodes(instance(1), instance(2, { isMetadataRemote: true })), true);
    assert.equal(shop.judge(0, true), true);
    assert.deepEqual(shop.unknown, ["10.0.0.1"]);
    assert.equal(shop.application.deadline, 30_000);
    assert.equal(shop.judge(29_999), false);
    assert.equal(shop.judge(30_000), true);
    assert.deepEqual(shop.unknown, ["10.0.0.1", "10.0.0.2"]);
    assert.equal(shop.application.deadline, undefined);
  });

  test("is waited for where only a watch told of it", () => {
    const shop = new Shop();
    shop.application.update(nodes(instance(1)), false);
    assert.equal(shop.judge(0, true), false, "it may have come after the interfaces were read");
    assert.equal(shop.application.deadline, 2_000);
    assert.equal(shop.judge(1_999, true), false, "a listing meanwhile does not make it older");
    assert.equal(shop.judge(2_000), true);
  });

  test("is unknown at once where its application is told as a service already", () => {
    const shop = new Shop();
    shop.application.isService = true;
    shop.application.update(nodes(instance(1, { isMetadataRemote: true })), true);
    shop.judge(0);
    assert.deepEqual(shop.unknown, ["10.0.0.1"]);
  });

  test("is not unknown where the interface level has it, though others of its application are", () => {
    const shop = new Shop();
    shop.providers.add("10.0.0.1");
    shop.application.update(nodes(instance(1), instance(2)), true);
    assert.equal(shop.judge(0, true), false, "the other one may be just starting");
    assert.equal(shop.judge(2_000), true);
    assert.deepEqual(shop.unknown, ["10.0.0.2"]);
    shop.providers.add("10.0.0.2");
    assert.equal(shop.judge(2_001), true);
    assert.deepEqual(shop.unknown, []);
  });

  test("that the interface level loses is dying most likely, and only in the end unknown", () => {
    const shop = new Shop();
    shop.providers.add("10.0.0.1");
    shop.application.update(nodes(instance(1)), true);
    shop.judge(0, true);
    shop.providers.clear();
    assert.equal(shop.judge(1_000, true), false);
    assert.equal(shop.judge(120_999, true), false);
    assert.equal(shop.judge(121_000), true);
    assert.deepEqual(shop.unknown, ["10.0.0.1"]);
  });

  test("that registers anew is judged anew, unless it was unknown", () => {
    const shop = new Shop();
    shop.providers.add("10.0.0.1");
    shop.application.update(nodes(instance(1)), true);
    shop.judge(0, true);
    shop.providers.clear();
    shop.application.update(nodes(instance(1, { revision: "r2" })), true);
    shop.judge(1_000);
    assert.equal(shop.application.deadline, 3_000);
    shop.judge(3_000);
    shop.application.update(nodes(instance(1, { revision: "r3" })), true);
    assert.deepEqual(shop.unknown, ["10.0.0.1"], "it does not blink");
    assert.deepEqual(shop.application.offer("r3", metadata("a.A")), new Set(["a.A"]));
    assert.deepEqual([shop.unknown, shop.offers("a.A")], [[], ["10.0.0.1"]]);
  });

  test("provides what name mapping says that its application offers", () => {
    const shop = new Shop();
    shop.application.mapped = new Set(["a.A"]);
    shop.application.update(nodes(instance(1)), true);
    assert.deepEqual(shop.offers("a.A"), []);
    shop.judge(0, true);
    assert.deepEqual(shop.offers("a.A"), ["10.0.0.1"]);
    assert.deepEqual(shop.application.providersOf("a.A")[0]?.labels, { application: "shop", "registry/level": "app-mapping" });
    assert.deepEqual(shop.application.update(nodes(), true), new Set(["a.A"]));
  });
});
