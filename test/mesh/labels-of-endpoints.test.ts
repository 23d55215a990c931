import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileLabelFilter, endpointLabels, provenance } from "../../src/mesh/labels.ts";
import { LabelsOfEndpoints } from "../../src/mesh/labels-of-endpoints.ts";
import { ProblemList } from "../../src/mesh/problem-list.ts";
import { endpointOf } from "./builders.ts";

const registries = ["zk"];

function labelsOf(...patterns: string[]) {
  const labels = new LabelsOfEndpoints({ labels: compileLabelFilter(patterns), sourceLabels: false }, new ProblemList("x"));
  return (own: Record<string, string> | undefined, tls = false, from = registries) =>
    labels.of(endpointOf({ registries: from, ...(own && { labels: own }) }), tls);
}

test("endpoints whose chosen labels are alike share one object", () => {
  const of = labelsOf("version");
  const first = of({ version: "1", pid: "7" });
  assert.equal(of({ version: "1", pid: "8" }), first);
  assert.notEqual(of({ version: "2", pid: "8" }), first);
});

test("a label that only one of them has, TLS, or another registry makes a difference", () => {
  const of = labelsOf("*");
  assert.deepEqual(of({ a: "1" }), { a: "1", "tributary.dev/registry": "zk" });
  assert.deepEqual(of({ a: "1", b: "2" }), { a: "1", b: "2", "tributary.dev/registry": "zk" });
  assert.deepEqual(of({ b: "2" }), { b: "2", "tributary.dev/registry": "zk" });
  assert.deepEqual(of({ b: "2" }, true), { b: "2", "security.istio.io/tlsMode": "istio", "tributary.dev/registry": "zk" });
  assert.deepEqual(of({ b: "2" }, false, ["eureka", "zk"]), { b: "2", "tributary.dev/registry": "eureka.zk" });
  assert.deepEqual(of(undefined), { "tributary.dev/registry": "zk" });
});

test("each registry and cluster has a label of its own, where that is wanted, in valid form, and nobody else may set one", () => {
  const problems = new ProblemList("x");
  const labels = new LabelsOfEndpoints({ labels: compileLabelFilter(["*"]), sourceLabels: true }, problems);
  const own = { a: "1", "registry.tributary.dev/eureka": "true", zone: "z" };
  const endpoint = endpointOf({ registries: ["k8s/east", "k8s/we$t", "zk"], cluster: "east", labels: own });
  assert.deepEqual(labels.of(endpoint, true), {
    a: "1",
    "cluster.tributary.dev/east": "true",
    "cluster.tributary.dev/we_t": "true",
    "registry.tributary.dev/k8s": "true",
    "registry.tributary.dev/zk": "true",
    "security.istio.io/tlsMode": "istio",
    "tributary.dev/cluster": "east",
    "tributary.dev/registry": "k8s.zk",
    zone: "z",
  });
  assert.deepEqual(Object.keys(labels.of(endpoint, true)), Object.keys(labels.of(endpoint, true)).sort());
  assert.match(JSON.stringify(problems.sorted()), /reserved-label/);
});

test("the cluster of an endpoint is told, and makes a difference", () => {
  const labels = new LabelsOfEndpoints({ labels: compileLabelFilter([]), sourceLabels: false }, new ProblemList("x"));
  const of = (cluster: string) => labels.of(endpointOf({ registries, cluster }), true);
  assert.deepEqual(of("east"), { "security.istio.io/tlsMode": "istio", "tributary.dev/cluster": "east", "tributary.dev/registry": "zk" });
  assert.equal(of("west")["tributary.dev/cluster"], "west");
  assert.equal(of("a/b")["tributary.dev/cluster"], "a_b");
});

test("sharing changes no label, whatever comes before", () => {
  const own = fc.dictionary(fc.constantFrom("a", "b", "version", "bad key", "constructor"), fc.constantFrom("1", "2", ""));
  fc.assert(
    fc.property(fc.array(own), fc.constantFrom(["*"], ["version", "constructor"], ["b*", "a"]), (all, patterns) => {
      const of = labelsOf(...patterns);
      const filter = compileLabelFilter(patterns);
      for (const labels of all) {
        const alone = endpointLabels(labels, filter, [["tributary.dev/registry", provenance(registries)]], new ProblemList("x"));
        assert.deepEqual(of(labels), alone);
      }
    }),
  );
});
