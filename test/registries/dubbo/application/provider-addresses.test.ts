import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { addressText, ProviderAddresses } from "../../../../src/registries/dubbo/application/provider-addresses.ts";

suite("where interface-level providers are", () => {
  test("is known as long as one interface has them there", () => {
    const addresses = new ProviderAddresses();
    assert.equal(addresses.set("a.A", ["10.0.0.1:20880", "10.0.0.1:20880"]), true);
    assert.equal(addresses.set("a.B", ["10.0.0.1:20880", "10.0.0.2:20880"]), true);
    assert.equal(addresses.set("a.B", ["10.0.0.1:20880", "10.0.0.2:20880"]), false, "nothing new");
    addresses.set("a.A", []);
    assert.ok(addresses.has("10.0.0.1", 20880));
    assert.ok(!addresses.has("10.0.0.1", 20881));
    addresses.retain(new Set(["a.A"]));
    assert.ok(!addresses.has("10.0.0.1", 20880));
    addresses.set("a.A", ["10.0.0.1:20880"]);
    addresses.drop();
    assert.ok(!addresses.has("10.0.0.1", 20880));
  });

  test("is right after any number of changes", () => {
    const host = fc.integer({ min: 0, max: 5 }).map((last) => `10.0.0.${last}:1`);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.array(host))), (changes) => {
        const addresses = new ProviderAddresses();
        const model = new Map<string, Set<string>>();
        for (const [directory, hosts] of changes) {
          addresses.set(directory, hosts);
          model.set(directory, new Set(hosts));
        }
        const all = new Set([...model.values()].flatMap((hosts) => [...hosts]));
        return Array.from({ length: 6 }, (_, last) => `10.0.0.${last}`).every(
          (address) => addresses.has(address, 1) === all.has(addressText(address, 1)),
        );
      }),
    );
  });
});
