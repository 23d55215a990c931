import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { placeSpec, placesIn } from "../../src/clusters/places/places.ts";
import { podAccess } from "../../src/clusters/places/pod-access.ts";
import { remoteSecret } from "../../src/clusters/places/remote-secret.ts";
import type { ConfigErrors } from "../../src/config/config-errors.ts";
import { parseConfig } from "../../src/config/load.ts";
import { clustersSchema } from "../../src/config/sections/clusters-schema.ts";
import { configOptions } from "../../src/runtime/config-options.ts";

const inPod = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "6443" };
const files = (path: string) => (path.endsWith("/token") ? "the-token\n" : "the-ca\n");

test("the pod's own cluster is found as every pod finds it", () => {
  assert.deepEqual(podAccess("home", inPod, files).access, { server: "https://10.0.0.1:6443", ca: "the-ca", token: "the-token" });
  assert.equal(podAccess("home", { KUBERNETES_SERVICE_HOST: "fd00::1" }, files).access?.server, "https://[fd00::1]:443");
  assert.equal(podAccess("home", inPod, files).local, true);
});

test("outside of a pod, or without a service account, it is said what is missing", () => {
  assert.match(podAccess("home", {}, files).refused ?? "", /KUBERNETES_SERVICE_HOST is not set/);
  const none = () => {
    throw new Error("no such file");
  };
  assert.match(podAccess("home", inPod, none).refused ?? "", /cannot be read: no such file/);
});

test("whatever a secret holds, every key is an offer or a problem, and nothing is thrown", () => {
  const value = fc.oneof(fc.string(), fc.base64String(), fc.integer(), fc.constant(null), fc.object());
  const key = fc.oneof(fc.string(), fc.constantFrom("b", "cluster-1", "__proto__"));
  fc.assert(
    fc.property(fc.oneof(fc.dictionary(key, value), fc.anything()), (data) => {
      const { offers, problems } = remoteSecret({ metadata: { name: "s", namespace: "n" }, data }, []);
      const isMap = typeof data === "object" && data !== null;
      if (isMap && !Array.isArray(data)) assert.ok(offers.length + problems.length >= Object.keys(data).length);
      for (const { access, refused } of offers) assert.ok((access === undefined) !== (refused === undefined));
    }),
  );
});

test("only the places that are configured are read, and secrets only once their cluster is known", () => {
  const config = clustersSchema.parse({ list: [{ id: "settled" }, { id: "off", kubeconfig: "/x", enabled: false }], remoteSecrets: {} });
  assert.deepEqual(placesIn(config), ["remote-secrets"]);
  assert.equal(placeSpec("remote-secrets", config, undefined).isDormant, true);
  const spec = placeSpec("remote-secrets", config, { id: "a", server: "https://a", priority: 0 });
  assert.equal(spec.isDormant, undefined);
  assert.equal((spec.settings as { namespace: string }).namespace, "istio-system");
});

test("registries without clusters, and secrets without a cluster, are refused with what to do", () => {
  const told = (config: object) => {
    try {
      parseConfig(JSON.stringify(config), { file: "tributary.yaml", ...configOptions });
      return "";
    } catch (error) {
      return (error as ConfigErrors).message;
    }
  };
  const registries = [{ id: "k8s", type: "kubernetes" }];
  assert.match(told({ registries }), /reads from Kubernetes clusters, and none is configured .*\(name them/);
  assert.match(told({ registries, clusters: { remoteSecrets: {} } }), /no cluster in which they could be read/);
  assert.match(
    told({ registries, clusters: { list: [{ id: "a" }, { id: "a" }] } }),
    /clusters\.list\[1\]\.id: clusters\.list\[0\] .* has the same id/,
  );
  assert.equal(told({ registries, clusters: { list: [{ id: "a", inCluster: true }], remoteSecrets: {} } }), "");
});

test("a cluster is reached in one way, and the process runs in one", () => {
  const refused = (list: object[]) =>
    clustersSchema
      .safeParse({ list })
      .error?.issues.map(({ message }) => message)
      .join() ?? "";
  assert.match(refused([{ id: "b", kubeconfig: "/x", inCluster: true }]), /two ways/);
  assert.match(refused([{ id: "b", context: "c" }]), /which is missing/);
  assert.match(
    refused([
      { id: "a", inCluster: true },
      { id: "b", inCluster: true },
    ]),
    /runs in one cluster/,
  );
  assert.match(refused([{ id: "no/slash" }]), /expected letters/);
});
