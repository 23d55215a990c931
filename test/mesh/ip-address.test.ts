import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isIp, parseAddress } from "../../src/mesh/ip-address.ts";

const table: readonly (readonly [given: string, expected: string])[] = [
  ["10.0.0.1", "10.0.0.1"],
  ["127.0.0.1", "127.0.0.1"],
  ["::1", "::1"],
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["2001:db8::0:1", "2001:db8::1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::FFFF:c000:201", "192.0.2.1"],
  ["ff::1", "ff::1"],
  ["order.example.com", "host-name"],
  ["order-1", "host-name"],
  ["order_1.svc.", "host-name"],
  ["0.0.0.0", "invalid"],
  ["255.255.255.255", "invalid"],
  ["224.0.0.1", "invalid"],
  ["239.255.255.255", "invalid"],
  ["240.0.0.1", "240.0.0.1"],
  ["::", "invalid"],
  ["0:0:0:0:0:0:0:0", "invalid"],
  ["::ffff:0.0.0.0", "invalid"],
  ["ff02::1", "invalid"],
  ["fe80::1%eth0", "invalid"],
  ["[::1]", "invalid"],
  ["1.2.3", "invalid"],
  ["1.2.3.4.5", "invalid"],
  ["01.2.3.4", "invalid"],
  ["1.2.3.4 ", "invalid"],
  ["1.2.3.4\n", "invalid"],
  ["10.0.0.1:80", "invalid"],
  ["12345", "invalid"],
  ["", "invalid"],
  ["user@host", "invalid"],
  ["unix:///x", "invalid"],
  ["a".repeat(10_000), "invalid"],
];
for (const [given, expected] of table) {
  test(`address ${JSON.stringify(given.slice(0, 40))} is ${expected}`, () => {
    const parsed = parseAddress(given);
    assert.equal(parsed.kind === "ip" ? parsed.text : parsed.kind, expected);
  });
}

test("the canonical text of an address is its own canonical text", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      const parsed = parseAddress(address);
      if (parsed.kind !== "ip") return;
      assert.ok(isIp(parsed.text));
      assert.deepEqual(parseAddress(parsed.text), parsed);
    }),
  );
});
