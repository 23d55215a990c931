/**
 * What real Dubbo 3.3.6 consumers did under a rule, beside what we make of it: `observed.json` holds each rule,
 * the two providers' nodes while it was in force, and whom 300 calls of each consumer reached. APP prefers the
 * application level, IFC was forced to the interface level.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { servicesOf } from "../../../../../src/registries/dubbo/provider-services.ts";
import type { Instance } from "../../../../../src/registries/service.ts";
import { KnownRules } from "../../../../../src/registries/zookeeper/dubbo/rules/known-rules.ts";

interface Observation {
  readonly about: string;
  /** A rule that stands below the interface, decoded. */
  readonly node?: string;
  /** A rule of the config centre: its node and text. */
  readonly document?: string;
  readonly text?: string;
  readonly providers: readonly string[];
  readonly calls: Readonly<Record<"APP" | "IFC", { readonly A: number; readonly B: number }>>;
}

const name = "lab.api.OrderFacade";
const observations = JSON.parse(readFileSync(join(import.meta.dirname, "observed.json"), "utf8")) as Observation[];

/** Whose calls show the rule. */
const honouredBy: Readonly<Record<string, readonly ("APP" | "IFC")[]>> = {
  // Its consumers had not taken it over 9 s later; the provider had.
  "a node below the interface, weight=10": [],
  "a node below the interface, weight=10, once more": ["IFC"],
  "a node below the interface, disabled=true": ["IFC"],
  // Nobody: to consumers a weight of 0 is like none if it comes by a rule. The provider registers it all the same.
  "a node below the interface, weight=0": [],
  "config centre, service scope, provider side, weight=10": ["APP", "IFC"],
  "config centre, service scope, consumer side, disabled=true": ["APP", "IFC"],
  "config centre, application scope, provider side, weight=10": ["APP", "IFC"],
  "config centre, service scope, provider side, disabled=true": ["APP", "IFC"],
};

async function rulesOf({ node, document, text }: Observation): Promise<KnownRules> {
  const rules = new KnownRules(({ message }) => assert.fail(message));
  if (node !== undefined) assert.ok(rules.setConfigurators(name, "", [encodeURIComponent(node)]));
  if (document !== undefined) assert.ok(await rules.setDocument(document, "", text));
  return rules;
}

function instancesOf(urls: readonly string[], rules?: KnownRules): readonly Instance[] {
  const nodes = urls.map((url) => encodeURIComponent(url));
  const [service] = servicesOf({ name, path: "", nodes, consumers: [] }, ({ message }) => assert.fail(message));
  assert.ok(service);
  return (rules?.apply(service) ?? service).instances;
}

/** Of 300 calls, those that reach the first instance. */
function callsOfFirst(instances: readonly Instance[]): number {
  const weights = instances.map(({ weight = 100, health }) => (health === "disabled" ? 0 : weight));
  return (300 * weights[0]!) / weights.reduce((sum, weight) => sum + weight);
}

suite("rules as real consumers were seen to follow them", { concurrency: true }, () => {
  test("every observation is looked at", () => {
    assert.deepEqual(observations.map(({ about }) => about).sort(), Object.keys(honouredBy).sort());
  });

  for (const observation of observations) {
    const { about, providers, calls } = observation;
    test(about, async () => {
      const rules = await rulesOf(observation);
      const instances = instancesOf(providers, rules);
      assert.equal(instances.length, 2);
      for (const consumer of honouredBy[about]!) {
        const [seen, ours] = [calls[consumer].A, callsOfFirst(instances)];
        assert.ok(ours === 0 ? seen === 0 : Math.abs(seen - ours) < 15, `${consumer}: ${seen} calls, by our weights ${ours}`);
      }
      // What the provider applied itself is what the rule makes of it, before and after.
      const registered = instancesOf(providers);
      const unruled = providers.map((url) => url.replace(/&weight=\d+/, ""));
      if (about.includes("weight")) assert.deepEqual(instances, registered);
      else assert.deepEqual(instances[0], { ...registered[0], health: "disabled" });
      assert.deepEqual(instancesOf(unruled, rules), instances);
    });
  }
});
