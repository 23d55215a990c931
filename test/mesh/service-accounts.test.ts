import assert from "node:assert/strict";
import { test } from "node:test";
import type { MergedEndpoint } from "../../src/catalog/merged-service.ts";
import { ProblemList } from "../../src/mesh/problem-list.ts";
import { ServiceAccounts } from "../../src/mesh/service-accounts.ts";
import { translateService } from "../../src/mesh/service-entry.ts";
import { endpointOf, policyOf, serviceOf } from "./builders.ts";

function told(...accounts: readonly (string | undefined)[]): string[] {
  const endpoints = accounts.map(
    (serviceAccount): MergedEndpoint => ({ id: "i", address: "10.0.0.1", ports: [], registries: [], serviceAccount }),
  );
  const list = new ServiceAccounts(endpoints, "tributary", new ProblemList("s"));
  return endpoints.map((endpoint) => list.of(endpoint));
}

test("service accounts are told where all are of the ServiceEntry's namespace, else none is", () => {
  assert.deepEqual(told("a", "tributary/b", undefined), ["a", "b", ""]);
  assert.deepEqual(told("a", "shop/b"), ["", ""]);
  assert.deepEqual(told("tributary/not legal"), [""]);
});

test("with `endpointTls: auto`, endpoints with an account of another namespace are spoken to with mTLS, and no account is told", () => {
  const endpoints = [endpointOf({ serviceAccount: "shop/order" }), endpointOf({ address: "10.0.0.2" })];
  const { object } = translateService(serviceOf({ endpoints }), policyOf({ endpointTls: "auto" }), "241.0.0.1");
  assert.ok(object?.kind === "ServiceEntry");
  assert.deepEqual(
    object.spec.endpoints.map(({ labels, serviceAccount }) => [labels["security.istio.io/tlsMode"], serviceAccount]),
    [
      ["istio", ""],
      [undefined, ""],
    ],
  );
});
