import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { Contribution } from "../../../src/catalog/contribution.ts";
import { merge } from "../../../src/catalog/merge.ts";
import { failover } from "../../../src/catalog/merging/failover.ts";
import { tiersOf } from "../../../src/catalog/merging/tiers.ts";
import { meshSchema } from "../../../src/config/schema.ts";
import { mergingSchema } from "../../../src/config/sections/merging-schema.ts";
import { compileMeshPolicy } from "../../../src/mesh/policy.ts";
import { translateService } from "../../../src/mesh/service-entry.ts";
import type { Instance, Item } from "../../../src/registries/service.ts";
import { encodeObject } from "../../../src/snapshot/encode.ts";
import { CatalogRig, registryConfig } from "../../support/catalog-rig.ts";

const policy = compileMeshPolicy(meshSchema.parse({}));
const hosts = { host: "a.dubbo", otherHosts: [] };
const registries = ["one", "two", "three"];

const someInstances = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom("i", "j", "k"),
    address: fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3"),
    ports: fc.constantFrom(1, 2).map((number) => [{ number, protocol: "dubbo" }]),
    health: fc.constantFrom<Instance["health"]>("healthy", "unhealthy"),
    weight: fc.option(fc.nat(3), { nil: undefined }),
    labels: fc.constantFrom<Record<string, string>>({ team: "red" }, { team: "blue" }, {}),
  }),
  { selector: ({ id }) => id, maxLength: 4 },
);

/** A service that became empty remembers its ports, and so its history. */
const living = someInstances.filter((instances) => instances.length > 0);

function contribution(registry: string, priority: number, instances: readonly Instance[]): Contribution {
  const named = {
    namespace: "n",
    host: "a.dubbo",
    otherHosts: [],
    identity: "zk|a|dubbo",
    kind: "zk",
    key: { name: "a" },
    protocol: "dubbo",
  };
  const rest = { ports: [], consumers: [], annotations: {}, lost: [] };
  return { registry, priority, network: undefined, locality: undefined, hostNames: "resolve", named: { ...named, ...rest, instances } };
}

/** Everything that would be sent, in hexadecimal. */
function bytesOf(rig: CatalogRig): Record<string, string | undefined> {
  const entries = Object.entries(rig.everything()).map(([key, entry]) => {
    const object = entry.kind === "service" ? translateService(entry.service, policy, "241.0.0.1").object : undefined;
    return [key, object && Buffer.from(encodeObject(object, 0).framed).toString("hex")] as const;
  });
  return Object.fromEntries(entries);
}

suite("merging, whatever is merged", () => {
  test("is associative: two registries joined first, then the third, give the same endpoints", () => {
    fc.assert(
      fc.property(someInstances, someInstances, someInstances, (a, b, c) => {
        const [one, two, three] = [contribution("one", 0, a), contribution("two", 1, b), contribution("three", 2, c)];
        const facts = (list: readonly Contribution[]) => merge(list, hosts).endpoints.map(({ registries: _, ...rest }) => rest);
        const joined = (first: Contribution, second: Contribution) =>
          contribution(first.registry, first.priority, facts([first, second]) as readonly Instance[]);
        const whole = facts([one, two, three]);
        assert.deepEqual(facts([joined(one, two), three]), whole);
        assert.deepEqual(facts([one, joined(two, three)]), whole);
      }),
    );
  });

  test("ends in the same state by any order of events, under every policy", () => {
    const merging = fc.constantFrom(
      { policy: "union" },
      { policy: "first" },
      { policy: "shadow" },
      { rules: [{ hosts: ["*"], policy: "weighted", shares: { one: 1, two: 2, three: 3 } }] },
      { rules: [{ hosts: ["*"], policy: "first", registries: ["three"] }] },
      { rules: [{ labels: { team: "r?d" }, policy: "first", registries: ["two"] }] },
      { sameAs: [{ host: "a.dubbo", services: [{ host: "b.dubbo" }] }] },
    );
    const events = fc.array(fc.tuple(fc.constantFrom(...registries), fc.constantFrom("a", "b"), fc.option(living, { nil: undefined })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(merging, events, (settings, list) => {
        const rig = () => {
          const naming = { ...registryConfig("three").naming, suffix: "dubbo", template: "{name}" };
          const other = registryConfig("three", { type: "kubernetes", naming });
          const made = new CatalogRig(registryConfig("one"), registryConfig("two"), other);
          made.catalog.setMerging(mergingSchema.parse(settings));
          return made;
        };
        const item = (name: string, instances: readonly Instance[]): Item => ({ kind: "service", service: { key: { name }, instances } });
        const last = new Map(list.map((event) => [`${event[0]} ${event[1]}`, event]));
        const [played, settled] = [rig(), rig()];
        for (const [registry, name, instances] of list) {
          if (instances) played.put(registry, item(name, instances));
          else played.take(registry, item(name, []));
          for (const key of played.dirty()) played.catalog.get(key);
        }
        // The final words alone, the latest first.
        for (const [registry, name, instances] of [...last.values()].reverse()) {
          if (instances) settled.put(registry, item(name, instances));
        }
        assert.deepEqual(played.everything(), settled.everything());
        assert.deepEqual(bytesOf(played), bytesOf(settled));
        played.catalog.close();
        settled.catalog.close();
      }),
      { numRuns: 60 },
    );
  });

  test("under priority serves what is healthy if anything is, and never nothing while anything is there", () => {
    const states = fc.array(fc.tuple(someInstances, someInstances, fc.nat(10_000)), { minLength: 1, maxLength: 15 });
    fc.assert(
      fc.property(states, (list) => {
        let state: Parameters<typeof failover>[2];
        let now = 0;
        for (const [a, b, pause] of list) {
          const tiers = tiersOf([contribution("one", 0, a), contribution("two", 1, b)], { position: () => undefined });
          const step = failover(tiers, { failAfter: 5_000, returnAfter: 60_000 }, state, now);
          const total = a.length + b.length;
          assert.ok(total === 0 || step.tier.instances > 0, "something is served");
          const healthy = tiers.some((tier) => tier.healthy > 0);
          const due = step.lookAgain;
          assert.ok(step.tier.healthy > 0 || !healthy || due !== undefined, "what is unhealthy gives way in time");
          // Looked at when it is due, it is settled.
          if (due !== undefined && pause > 5_000) {
            const later = failover(tiers, { failAfter: 5_000, returnAfter: 60_000 }, step.state, due);
            assert.equal(later.lookAgain, undefined);
            assert.ok(later.tier.healthy > 0);
          }
          state = step.state;
          now += pause;
        }
      }),
    );
  });
});
