/** What it costs the main thread that endpoints may take something of facts: a change of a service, merged, with and without. */
import type { RegistryConfig } from "../../src/config/schema.ts";
import type { Item } from "../../src/registries/service.ts";
import { CatalogRig, instance, registryConfig } from "../support/catalog-rig.ts";
import type { Figure } from "./figure.ts";
import { median } from "./measuring/quantile.ts";

const services = 2_000;
const instances = 10;
const rounds = 9;

const enrich: RegistryConfig["enrich"] = { labels: ["version"], locality: true, network: true, serviceAccount: true };

export async function run(): Promise<Figure[]> {
  const off = prepared(undefined, false);
  const cases = { off, without: prepared(enrich, false), idle: prepared(undefined, true), on: prepared(enrich, true) };
  const times = Object.fromEntries(Object.keys(cases).map((name) => [name, [] as number[]])) as Record<keyof typeof cases, number[]>;
  // In turns, so that what else happens on the machine falls on all of them alike; the first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, rig] of Object.entries(cases) as [keyof typeof cases, CatalogRig][]) {
      const time = changeAll(rig, round);
      if (round > 0) times[name].push(time);
    }
  }
  const of = (name: keyof typeof cases) => median(times[name]);
  const facts = cases.on;
  return [
    { name: "enrichment: a change without `enrich`", value: of("off"), unit: "µs" },
    { name: "enrichment: without `enrich`, with facts / without", value: of("idle") / of("off"), unit: "" },
    { name: "enrichment: with `enrich`, without facts / without `enrich`", value: of("without") / of("off"), unit: "" },
    { name: "enrichment: a change of a service whose 10 addresses are pods'", value: of("on"), unit: "µs" },
    { name: "enrichment: a pod's label, until the service is merged", value: factChange(facts), unit: "µs" },
  ];
}

function prepared(rules: RegistryConfig["enrich"], withFacts: boolean): CatalogRig {
  const rig = new CatalogRig(registryConfig("zk", { enrich: rules }), registryConfig("pods"));
  if (withFacts) for (let n = 0; n < services * instances; n += 1) rig.put("pods", fact(n, "v1"));
  for (let index = 0; index < services; index += 1) rig.put("zk", service(index, 0));
  rig.dirty();
  return rig;
}

/** µs per change, from the worker's text to the merged service. */
function changeAll(rig: CatalogRig, round: number): number {
  const items = Array.from({ length: services }, (_, index) => service(index, round + 1));
  const start = performance.now();
  for (const item of items) {
    rig.put("zk", item);
    for (const key of rig.dirty()) rig.catalog.get(key);
  }
  return ((performance.now() - start) * 1_000) / services;
}

function factChange(rig: CatalogRig): number {
  const start = performance.now();
  for (let index = 0; index < services; index += 1) {
    rig.put("pods", fact(index * instances, "v2"));
    for (const key of rig.dirty()) rig.catalog.get(key);
  }
  return ((performance.now() - start) * 1_000) / services;
}

function service(index: number, weight: number): Item {
  const members = Array.from({ length: instances }, (_, n) =>
    instance(index * instances + n, { weight, labels: { application: "orders" } }),
  );
  return { kind: "service", service: { key: { name: `com.acme.Service${index}` }, instances: members } };
}

function fact(n: number, version: string): Item {
  const labels = { app: "orders", version, "pod-template-hash": "7d9f8c" };
  return {
    kind: "fact",
    fact: { subject: "address", name: instance(n).address, labels, locality: { region: "r", zone: "z" }, sidecar: false },
  };
}
