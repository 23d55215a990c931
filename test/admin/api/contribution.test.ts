import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { contributionMessage } from "../../../src/admin/api/contribution.ts";
import { rulesOf } from "../../../src/admin/api/rules.ts";
import { whyText } from "../../../src/admin/text/why-text.ts";
import { mergingSchema } from "../../../src/config/sections/merging-schema.ts";
import { ExplanationSchema, WhyResponseSchema } from "../../../src/gen/tributary/admin/v1/admin_pb.ts";
import type { Service } from "../../../src/registries/service.ts";
import { defaultMesh } from "../../mesh/builders.ts";
import { CatalogRig, instance, registryConfig, service } from "../../support/catalog-rig.ts";

/** What is explained of a host that one registry gives. */
function explained(of: Partial<Service>, hostNames: "resolve" | "dns" = "resolve") {
  const rig = new CatalogRig(registryConfig("zk", { hostNames }));
  rig.list("zk", { kind: "service", service: { key: { name: "s" }, instances: [], ...of } });
  const [host] = rig.catalog.explain("s.dubbo");
  assert.ok(host);
  return { host, merged: rig.service("s.dubbo") };
}

test("the applications that call a service are named once each, in order, and not endlessly many", () => {
  const consumers = ["shop", "cart", "shop", undefined].map((application, at) => ({ application, address: `10.0.0.${at}` }));
  const { host } = explained({ consumers: consumers as Service["consumers"] });
  const [message] = host.contributions.map((one) => contributionMessage(one, [], (text) => text));
  assert.deepEqual(message?.callers, ["cart", "shop"]);
  const text = whyText(create(WhyResponseSchema, { explanation: create(ExplanationSchema, { contributions: [message ?? {}] }) }), 0);
  assert.match(text, /^ {4}called by cart, shop$/m);

  const many = Array.from({ length: 300 }, (_, at) => ({ application: `a${at}` }));
  const [long] = explained({ consumers: many }).host.contributions.map((one) => contributionMessage(one, [], (text) => text));
  assert.equal(long?.callers?.length, 100);
  const longText = whyText(create(WhyResponseSchema, { explanation: create(ExplanationSchema, { contributions: [long ?? {}] }) }), 0);
  assert.match(longText, /called by a0, a1, .*, …$/m);
});

test("host names that are left to the proxies are a rule of their own", () => {
  const instances = ["order-1.example.com", "10.0.0.1"].map((address) => ({
    id: address,
    address,
    ports: [{ number: 1, protocol: "dubbo" }],
  }));
  const rule = ({ host, merged }: ReturnType<typeof explained>) =>
    rulesOf(host, merged, "241.0.0.1", defaultMesh).find(({ rule }) => rule === "host-names");
  assert.deepEqual(rule(explained({ instances }, "dns")), {
    rule: "host-names",
    effect: "1 of 2 endpoints have host names: the proxies look them up",
    setting: "registries[zk].hostNames",
  });
  assert.equal(rule(explained({ instances })), undefined);
});

test("the policy is told with the rule that gives it, and the labels for which the rule holds", () => {
  const rig = new CatalogRig(registryConfig("zk"), registryConfig("na"));
  const rules = [{ labels: { team: "shop", app: "a*" }, policy: "shadow" }];
  rig.catalog.setMerging(mergingSchema.parse({ rules }));
  rig.put("zk", service("s", [1]));
  rig.put("na", service("s", [], { instances: [instance(2, { labels: { team: "shop", app: "a1" } })] }));
  const [host] = rig.catalog.explain("s.dubbo");
  assert.ok(host);
  const told = rulesOf(host, rig.service("s.dubbo"), "241.0.0.1", defaultMesh).filter(({ setting }) => setting === "merging.rules[0]");
  assert.deepEqual(
    told.map(({ rule, effect }) => `${rule}: ${effect}`),
    [
      "policy: shadow, because endpoints have the labels app=a*, team=shop: the endpoints are those of zk",
      "shadow: na is only compared: it lacks 1 of the endpoints, and alone names 1",
    ],
  );
});
