import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceEntry } from "../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import { translateService } from "../../src/mesh/service-entry.ts";
import { CatalogRig, registryConfig, service } from "../support/catalog-rig.ts";
import { policyOf, serviceOf } from "./builders.ts";

const orders = service("orders", [1], { key: { namespace: "shop", name: "orders" } });
const own = { kind: "fact", fact: { subject: "service", name: "shop/orders", cluster: "home" } } as const;
const host = "orders.shop.svc.cluster.local";

test("a host that istiod's own cluster has, too, is told with what becomes of it", () => {
  const codes = (namespace: string) =>
    translateService(serviceOf({ namespace, ownClusterService: "shop/orders" }), policyOf(), "241.0.0.1").problems.map(
      ({ code, message, costs }) => `${costs} ${code}: ${message}`,
    );
  assert.match(codes("tributary").join(), /^note host-in-own-cluster: .*proxies get that one alone/);
  assert.match(codes("shop").join(), /joins its endpoints and these/);
});

test("the catalog finds such a host, whichever comes first, and lets it go", () => {
  const rig = new CatalogRig(registryConfig("k", { type: "kubernetes" }), registryConfig("home", { type: "kubernetes" }));
  rig.put("k", orders);
  rig.dirty();
  assert.equal(rig.service(host)?.ownClusterService, undefined);
  rig.put("home", own);
  assert.deepEqual(rig.dirty(), [`service:tributary/${host}`]);
  assert.equal(rig.service(host)?.ownClusterService, "shop/orders");
  rig.take("home", own);
  assert.deepEqual(rig.dirty(), [`service:tributary/${host}`]);
  assert.equal(rig.service(host)?.ownClusterService, undefined);
  rig.put("home", own);
  rig.catalog.removeRegistry("k");
  rig.catalog.addRegistry(registryConfig("k", { type: "kubernetes" }));
  rig.put("k", orders);
  assert.equal(rig.service(host)?.ownClusterService, "shop/orders");
});

test("who sees a service is the registry's word before the mesh's", () => {
  const exported = (exportTo?: string[]) => {
    const { object } = translateService(serviceOf({ ...(exportTo && { exportTo }) }), policyOf({ exportTo: ["a"] }), "241.0.0.1");
    return (object?.spec as ServiceEntry | undefined)?.exportTo;
  };
  assert.deepEqual([exported(), exported(["b", "c"])], [["a"], ["b", "c"]]);
});

test("ports that not all clusters declare are told", () => {
  const unsharedPorts = [{ name: "metrics", number: 90, protocol: "http" }];
  const { problems } = translateService(serviceOf({ unsharedPorts }), policyOf(), "241.0.0.1");
  assert.match(
    problems.map(({ code, message }) => `${code}: ${message}`).join(),
    /port-not-offered: port "metrics" is not declared by all/,
  );
});
