import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { TributaryError } from "../../src/errors/tributary-error.ts";
import { AddressRange } from "../../src/mesh/cidr.ts";
import { VipTable } from "../../src/mesh/vip.ts";

const names = Array.from({ length: 24 }, (_, index) => `tributary/service-${index}.dubbo`);

function tableOf(cidr: string, keys: Iterable<string>): Map<string, string | undefined> {
  const table = new VipTable(cidr);
  for (const key of keys) table.assign(key);
  return new Map([...keys].sort().map((key) => [key, table.get(key)]));
}

describe("virtual addresses", () => {
  test("are a promise: these never change", () => {
    const table = new VipTable("241.0.0.0/8");
    for (const key of ["tributary/lab-api-order.dubbo", "tributary/a.dubbo", "default/shop.eureka"]) table.assign(key);
    assert.equal(table.get("tributary/lab-api-order.dubbo"), "241.184.17.56");
    assert.equal(table.get("tributary/a.dubbo"), "241.75.150.247");
    assert.equal(table.get("default/shop.eureka"), "241.204.1.120");
  });

  test("any order of assigning and releasing gives the table made from scratch", () => {
    const step = fc.record({ key: fc.constantFrom(...names), assign: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.constantFrom("10.0.0.0/28", "10.0.0.0/27", "10.0.0.8/30"), (steps, cidr) => {
        const table = new VipTable(cidr);
        const present = new Set<string>();
        for (const { key, assign } of steps) {
          const before = new Map(names.map((name) => [name, table.get(name)]));
          const changed = assign ? table.assign(key) : table.release(key);
          if (assign) present.add(key);
          else present.delete(key);
          const reallyChanged = names.filter((name) => table.get(name) !== before.get(name)).sort();
          assert.deepEqual(changed, reallyChanged, "reports exactly the keys whose address changed");
        }
        assert.deepEqual(new Map([...present].sort().map((key) => [key, table.get(key)])), tableOf(cidr, present));
      }),
      { numRuns: 300 },
    );
  });

  test("no two keys share an address, and the range is used up before anybody goes without", () => {
    const table = new VipTable("10.0.0.0/28");
    for (const name of names) table.assign(name);
    const given = names.map((name) => table.get(name)).filter((address) => address !== undefined);
    assert.equal(given.length, 15);
    assert.equal(new Set(given).size, 15);
    assert.equal(table.exhausted, names.length - 15);
    assert.equal(table.size, names.length);
    for (const name of names) table.release(name);
    assert.equal(table.size + table.displaced + table.exhausted, 0);
  });

  test("on a collision the smaller key has the address", () => {
    const table = new VipTable("10.0.0.4/32");
    assert.deepEqual(table.assign("b"), ["b"]);
    assert.deepEqual(table.assign("c"), []);
    assert.deepEqual(table.assign("a"), ["a", "b"]);
    assert.equal(table.get("a"), "10.0.0.4");
    assert.equal(table.get("b"), undefined);
    assert.deepEqual(table.release("a"), ["a", "b"]);
    assert.equal(table.get("b"), "10.0.0.4");
  });

  test("unknown and repeated keys change nothing", () => {
    const table = new VipTable("10.0.0.0/24");
    table.assign("a");
    assert.deepEqual(table.assign("a"), []);
    assert.deepEqual(table.release("b"), []);
    assert.equal(table.get("b"), undefined);
  });

  test("10 000 services in the default range hardly ever collide", () => {
    const table = new VipTable("241.0.0.0/8");
    for (let index = 0; index < 10_000; index++) table.assign(`tributary/service-${index}.dubbo`);
    assert.ok(table.displaced <= 12, `${table.displaced} displaced`);
    assert.equal(table.exhausted, 0);
  });
});

describe("address ranges", () => {
  const ranges: readonly (readonly [cidr: string, capacity: number, first: string, last: string])[] = [
    ["241.0.0.0/8", 65_536 * 254, "241.0.0.1", "241.255.255.254"],
    ["241.9.9.9/8", 65_536 * 254, "241.0.0.1", "241.255.255.254"],
    ["10.1.2.0/24", 254, "10.1.2.1", "10.1.2.254"],
    ["10.1.2.0/23", 508, "10.1.2.1", "10.1.3.254"],
    ["10.1.2.0/28", 15, "10.1.2.1", "10.1.2.15"],
    ["10.1.2.16/28", 16, "10.1.2.16", "10.1.2.31"],
    ["10.1.2.240/28", 15, "10.1.2.240", "10.1.2.254"],
    ["10.1.2.7/32", 1, "10.1.2.7", "10.1.2.7"],
  ];
  for (const [cidr, capacity, first, last] of ranges) {
    test(`${cidr} goes from ${first} to ${last}`, () => {
      const range = new AddressRange(cidr);
      assert.deepEqual([range.capacity, range.at(0), range.at(capacity - 1)], [capacity, first, last]);
    });
  }

  for (const cidr of [
    "",
    "241.0.0.0",
    "241.0.0.0/33",
    "241.0.0.0/7",
    "256.0.0.0/8",
    "fd00::/8",
    "241.0.0.0/8/8",
    "10.0.0.0/32",
    "10.0.0.255/32",
  ]) {
    test(`${JSON.stringify(cidr)} is refused`, () => {
      assert.throws(
        () => new AddressRange(cidr),
        (error) => error instanceof TributaryError && error.code === "CONFIG_INVALID",
      );
    });
  }
});
