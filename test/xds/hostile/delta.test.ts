/** What a delta client may say only to keep us busy: it costs as much as it says, not the square of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamRig } from "../../support/stream-rig.ts";
import { serviceEntry, xdsSettings } from "../../support/xds-rig.ts";

const typeUrl = "networking.istio.io/v1/ServiceEntry";
const numbered = (count: number, name: (index: number) => string) => Array.from({ length: count }, (_, index) => name(index));
const generous = { ...xdsSettings, maxNames: 100_000 };
const namespaces = numbered(30_000, (index) => `${index}/*`);
const names = numbered(30_000, (index) => `n/${index}`);
const versions = Object.fromEntries(names.map((name) => [name, "v"]));

const hostile = {
  "prefixes taken back beside versions": { initialResourceVersions: versions, resourceNamesUnsubscribe: namespaces },
  "prefixes asked for beside versions": { initialResourceVersions: versions, resourceNamesSubscribe: namespaces },
  "prefixes taken back beside names": { resourceNamesSubscribe: ["*", ...names], resourceNamesUnsubscribe: namespaces },
  "prefixes and names taken back": { resourceNamesUnsubscribe: [...names, ...namespaces] },
};
for (const [what, request] of Object.entries(hostile)) {
  test(`tens of thousands of ${what} do not keep the thread busy`, () => {
    const client = new StreamRig({ settings: generous }).delta();
    const start = performance.now();
    client.request({ typeUrl, ...request });
    client.request({ typeUrl, ...request });
    const took = performance.now() - start;
    assert.ok(took < 1_000, `${took} ms`);
  });
}

test("prefixes taken back beside `*`, which need not have been asked for, are not collected without bound", () => {
  const rig = new StreamRig({ settings: generous });
  rig.store.publish({ upserts: [serviceEntry("a")] });
  const client = rig.delta();
  client.request({ typeUrl });
  for (let round = 0; round < 5; round += 1) {
    client.request({ typeUrl, resourceNamesUnsubscribe: numbered(1_000, (index) => `${round}-${index}/*`) });
  }
  const responses = client.readAll();
  assert.deepEqual(
    responses.at(-1)!.resources.map(({ name }) => name),
    ["tributary/a"],
  );
  assert.ok(responses.length < 20, `${responses.length} responses`);
});

test("what is owed again beside `*` is not sent when `*` is taken back as well", () => {
  const rig = new StreamRig();
  rig.store.publish({ upserts: [serviceEntry("a")] });
  const client = rig.delta();
  client.request({ typeUrl });
  client.request({ typeUrl, resourceNamesUnsubscribe: ["tributary/*"] });
  client.request({ typeUrl, resourceNamesUnsubscribe: ["*"] });
  assert.equal(client.readAll().length, 1, "the first answer was being written");
});
