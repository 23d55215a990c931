import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Announcements } from "../../../../src/registries/zookeeper/dubbo/announcements.ts";
import { providerNode } from "../../../support/zookeeper-writer.ts";

const nodes = (...hosts: number[]) => hosts.map((host) => providerNode("com.acme.Orders", { address: `10.0.0.${host}`, port: 20880 }));

suite("announcements", () => {
  test("cover what was told of, and the first reading", () => {
    const announcements = new Announcements();
    assert.ok(announcements.cover("a", nodes(1)));
    announcements.add("a");
    assert.ok(announcements.cover("a", nodes(2)));
    assert.ok(announcements.cover("a", nodes(2)));
  });

  test("do not cover a provider that came, went or was replaced without a word", () => {
    for (const after of [nodes(1, 2, 3), nodes(1), nodes(1, 3), []]) {
      const announcements = new Announcements();
      announcements.cover("a", nodes(1, 2));
      announcements.add("b");
      assert.equal(announcements.cover("a", after), false, `${after.length}`);
    }
  });

  test("are used up by a reading", () => {
    const announcements = new Announcements();
    announcements.cover("a", nodes(1));
    announcements.add("a");
    announcements.cover("a", nodes(1));
    assert.equal(announcements.cover("a", nodes(2)), false);
  });

  test("do not depend on the order in which a server names the nodes", () => {
    const announcements = new Announcements();
    announcements.cover("a", nodes(1, 2, 3));
    assert.ok(announcements.cover("a", nodes(3, 1, 2)));
  });

  test("begin anew with an interface that was gone", () => {
    const announcements = new Announcements();
    announcements.cover("a", nodes(1));
    announcements.forget("a");
    assert.ok(announcements.cover("a", nodes(2)));
  });
});
