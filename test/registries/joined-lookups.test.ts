import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { joinedLookups } from "../../src/registries/joined-lookups.ts";

suite("look-ups of host names", () => {
  type Ask = NonNullable<Parameters<typeof joinedLookups>[0]>;

  function resolver() {
    const asked: { host: string; answer: Parameters<Ask>[2] }[] = [];
    const lookup = joinedLookups((host, _options, answer) => void asked.push({ host, answer }));
    const told: string[] = [];
    const look = (host: string, all = true) =>
      lookup(host, { all }, (error, address) => void told.push(`${host} ${error?.code ?? JSON.stringify(address)}`));
    return { asked, told, look };
  }

  test("of one name are one while it is not answered, and all get its answer", () => {
    const { asked, told, look } = resolver();
    for (let attempt = 0; attempt < 3; attempt++) look("zk");
    look("other");
    assert.deepEqual(
      asked.map(({ host }) => host),
      ["zk", "other"],
    );
    asked[0]?.answer(null, [{ address: "10.0.0.1", family: 4 }]);
    assert.deepEqual(told, Array(3).fill('zk [{"address":"10.0.0.1","family":4}]'));
  });

  test("are made anew after an answer, a failure among them", () => {
    const { asked, told, look } = resolver();
    look("zk");
    asked[0]?.answer(Object.assign(new Error("no"), { code: "ENOTFOUND" }), "");
    look("zk");
    assert.equal(asked.length, 2);
    assert.deepEqual(told, ["zk ENOTFOUND"]);
  });

  test("that ask for something else are their own", () => {
    const { asked, look } = resolver();
    look("zk");
    look("zk", false);
    assert.equal(asked.length, 2);
  });
});
