/** What tells whether a service is still made of the same: it may say too often that it is not, never that it is. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { RegistryConfig } from "../../src/config/schema.ts";
import { mergingSchema } from "../../src/config/sections/merging-schema.ts";
import { protectionSchema } from "../../src/config/sections/registry-schema.ts";
import { CatalogRig, readyEntry, registryConfig, service } from "../support/catalog-rig.ts";

const shop = service("shop", [1], { hosts: ["shop.dubbo", "alt.dubbo"] });
const enrich = { labels: ["app"], locality: true, network: true, serviceAccount: true };
const drained = { protection: protectionSchema.parse({ unreachable: "drain", drainAfter: "1s" }) };

function rig(...more: readonly [string, Partial<RegistryConfig>][]): CatalogRig {
  const overwritten = new Map(more);
  const made = new CatalogRig(...["a", "b"].map((id) => registryConfig(id, overwritten.get(id))));
  made.put("a", shop);
  return made;
}

const digest = ({ catalog }: CatalogRig) => catalog.inputs.digest("tributary/shop.dubbo");
const configure = ({ catalog }: CatalogRig, ...configs: readonly RegistryConfig[]) => catalog.setRegistries(configs);

/** Everything that makes it another service. */
const changes: Record<string, (rig: CatalogRig, t: TestContext) => void> = {
  "another instance": (rig) => rig.put("a", service("shop", [1, 2], { hosts: ["shop.dubbo", "alt.dubbo"] })),
  "another registry that gives it, too": (rig) => rig.put("b", service("shop", [9], { hosts: ["shop.dubbo", "alt.dubbo"] })),
  "a setting of its registry": (rig) => configure(rig, registryConfig("a", { locality: { region: "north" } }), registryConfig("b")),
  "what facts add": (rig) => configure(rig, registryConfig("a", { enrich }), registryConfig("b")),
  "a ready entry in its place": (rig) => rig.put("b", readyEntry("mine", ["shop.dubbo"])),
  "a ready entry in the place of its further host": (rig) => rig.put("b", readyEntry("mine", ["alt.dubbo"])),
  "its end": (rig) => rig.take("a", shop),
  "a registry that is drained"(rig, t) {
    t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_800_000_000_000 });
    configure(rig, registryConfig("a", drained), registryConfig("b"));
    rig.status("a");
    rig.status("a", { phase: "stale", reason: "away", lastContact: Date.now() });
    t.mock.timers.tick(3_600_000);
  },
};

for (const [what, change] of Object.entries(changes)) {
  test(`${what} makes it another one`, (t) => {
    const subject = rig();
    const [before, served] = [digest(subject), JSON.stringify(subject.service("shop.dubbo"))];
    assert.ok(before);
    change(subject, t);
    assert.notEqual(digest(subject), before);
    if (what !== "what facts add") assert.notEqual(JSON.stringify(subject.service("shop.dubbo")), served, "it is another one");
  });
}

test("where several registries give it, their order makes another one, and what is decided by time tells nothing", () => {
  const subject = rig();
  subject.put("b", service("shop", [9], { hosts: ["shop.dubbo", "alt.dubbo"] }));
  const before = digest(subject);
  configure(subject, registryConfig("b"), registryConfig("a"));
  assert.ok(digest(subject));
  assert.notEqual(digest(subject), before);
  subject.catalog.setMerging(mergingSchema.parse({ rules: [{ hosts: ["else.dubbo"], policy: "priority" }] }));
  assert.equal(digest(subject), undefined);
  subject.take("b", service("shop", [9], { hosts: ["shop.dubbo", "alt.dubbo"] }));
  assert.ok(digest(subject), "one registry alone leaves nothing to decide");
});

test("ports that an empty service is remembered with make another one", () => {
  const [one, other] = [rig(), rig()];
  other.put("a", service("shop", [], { instances: [{ id: "i", address: "10.0.0.1", ports: [{ number: 1, protocol: "dubbo" }] }] }));
  other.put("a", shop);
  const empty = service("shop", [], { hosts: ["shop.dubbo", "alt.dubbo"] });
  for (const subject of [one, other]) subject.put("a", empty);
  assert.equal(digest(one), digest(other), "both were last seen with one port");
  const third = new CatalogRig(registryConfig("a"));
  third.put("a", empty);
  assert.notEqual(digest(third), digest(one));
});

test("another catalog that was told the same, in any order and beside registries that do not give it, makes the same", () => {
  const [one, other] = [rig(), new CatalogRig(...["c", "a", "b"].map((id) => registryConfig(id)))];
  const theirs = service("shop", [9], { hosts: ["shop.dubbo", "alt.dubbo"] });
  one.put("b", theirs);
  other.put("b", theirs);
  other.put("c", service("else", [4]));
  other.put("a", shop);
  assert.ok(digest(one));
  assert.equal(digest(other), digest(one));
});
