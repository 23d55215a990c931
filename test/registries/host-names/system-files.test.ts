import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { isHostName } from "../../../src/registries/host-names/host-name.ts";
import { parseHosts } from "../../../src/registries/host-names/hosts-file.ts";
import { candidates, parseSearchList } from "../../../src/registries/host-names/search-list.ts";

suite("a host name", () => {
  for (const name of ["order-1", "order_1.prod", "Order-1.Example.com.", "10-0-0-1.order.prod", "1.2.3.x", "xn--bcher-kva.example"]) {
    test(`is ${name}`, () => assert.equal(isHostName(name), true));
  }
  for (const other of [
    "10.0.0.1",
    "2001:db8::1",
    "1.2.3",
    "1.2.3.4.5",
    "order.1",
    "",
    ".",
    "a..b",
    "a b",
    "a/b",
    "[::1]",
    "x".repeat(64),
    "é.fr",
  ]) {
    test(`is not ${JSON.stringify(other)}`, () => assert.equal(isHostName(other), false));
  }
});

suite("the search list", () => {
  test("is the last one of the file, with its number of dots", () => {
    const conf = "# made by hand\nnameserver 10.0.0.10\nsearch old.example\nsearch a.example. b.example ; end\noptions ndots:5 timeout:1\n";
    assert.deepEqual(parseSearchList(conf), { domains: ["a.example", "b.example"], dots: 5 });
  });

  test("of an empty file is empty, and one dot is enough", () => assert.deepEqual(parseSearchList(""), { domains: [], dots: 1 }));

  test("comes before the name itself where it has few dots, else behind it", () => {
    const list = { domains: ["a.example", "b.example"], dots: 2 };
    assert.deepEqual(candidates("x.y", list), ["x.y.a.example", "x.y.b.example", "x.y"]);
    assert.deepEqual(candidates("x.y.z", list), ["x.y.z", "x.y.z.a.example", "x.y.z.b.example"]);
    assert.deepEqual(candidates("x.", list), ["x"]);
  });

  test("makes no name longer than names can be", () => {
    const long = `${"a".repeat(60)}.`.repeat(4).slice(0, -1);
    assert.deepEqual(candidates(long, { domains: ["b.example.com"], dots: 9 }), [long]);
  });
});

suite("the hosts file", () => {
  test("gives each name its addresses, in order and once", () => {
    const hosts = parseHosts("10.0.0.2 a B # c\n10.0.0.1\ta\n10.0.0.2 a\nnot-an-address a\n\n::1 b\n");
    assert.deepEqual(
      [...hosts],
      [
        ["a", ["10.0.0.2", "10.0.0.1"]],
        ["b", ["10.0.0.2", "::1"]],
      ],
    );
  });
});

test("no content of these files is too odd", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      parseHosts(text);
      candidates("order-1", parseSearchList(text));
      isHostName(text);
    }),
  );
});
