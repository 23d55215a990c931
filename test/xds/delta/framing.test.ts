import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { DeltaDiscoveryResponseSchema } from "../../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { ServiceEntrySchema, SidecarSchema, WorkloadEntrySchema } from "../../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import type { MeshObject } from "../../../src/mesh/mesh-object.ts";
import { encodeObject } from "../../../src/snapshot/encode.ts";
import { frameLength, frameOf, writeFrame } from "../../../src/xds/delta/framing.ts";
import { encodeDeltaHead } from "../../../src/xds/response.ts";
import { decodeDeltaResponse, decodeEnvelope, decodeSpec } from "../../support/google-protobuf-decoder.ts";
import { serviceEntry } from "../../support/xds-rig.ts";

const objects: readonly MeshObject[] = [
  { kind: "ServiceEntry", spec: create(ServiceEntrySchema, { hosts: ["a.dubbo"], addresses: ["241.1.2.3"] }) },
  { kind: "WorkloadEntry", spec: create(WorkloadEntrySchema, { address: "10.0.0.1", ports: { http: 80 } }) },
  { kind: "Sidecar", spec: create(SidecarSchema, { egress: [{ hosts: ["*/*"] }] }) },
].map((object) => ({ namespace: "shop", name: "a", labels: { l: "v" }, annotations: {}, ...object }) as MeshObject);

for (const object of objects) {
  test(`an independent decoder reads a ${object.kind} in its envelope, and the response around it`, () => {
    const entry = encodeObject(object, 0);
    const typeUrl = `networking.istio.io/v1/${object.kind}`;
    const head = encodeDeltaHead({ version: "v", typeUrl, nonce: "n", controlPlane: "c", removed: ["shop/gone", "shop/too"] });
    const decoded = decodeDeltaResponse(Buffer.concat([head, frameOf(entry.type, "envelope", entry)]));
    assert.deepEqual([decoded.systemVersionInfo, decoded.typeUrl, decoded.nonce], ["v", typeUrl, "n"]);
    assert.deepEqual(decoded.removedResources, ["shop/gone", "shop/too"]);
    const [resource] = decoded.resources;
    assert.deepEqual([resource?.name, resource?.version], ["shop/a", entry.version]);
    assert.equal(resource?.typeUrl, "type.googleapis.com/istio.mcp.v1alpha1.Resource");
    const fields = decodeEnvelope(resource!.value);
    assert.deepEqual([fields.name, fields.version, fields.kind, fields.labels], ["shop/a", entry.version, object.kind, { l: "v" }]);
    assert.deepEqual(Buffer.from(fields.body), Buffer.from(entry.body));
  });

  test(`an independent decoder reads a ${object.kind} without its envelope`, () => {
    const entry = encodeObject(object, 0);
    const typeUrl = `type.googleapis.com/istio.networking.v1alpha3.${object.kind}`;
    const [resource] = decodeDeltaResponse(frameOf(entry.type, "object", entry)).resources;
    assert.deepEqual([resource?.name, resource?.version, resource?.typeUrl], ["shop/a", entry.version, typeUrl]);
    assert.deepEqual(Buffer.from(resource!.value), Buffer.from(entry.body));
    assert.ok(Object.keys(decodeSpec(object.kind, resource!.value)).length > 0);
  });
}

test("frames of any size have the length that was announced, and are repeated fields when they follow each other", () => {
  const entry = fc.record({
    endpoints: fc.oneof(fc.nat({ max: 3 }), fc.constantFrom(200, 2_000)),
    name: fc.constantFrom("a", "ä".repeat(60)),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 5 }), fc.constantFrom("envelope" as const, "object" as const), (wanted, form) => {
      const entries = wanted.map(({ name, endpoints }, index) => serviceEntry(`${name}${index}`, 1, endpoints));
      const target = Buffer.alloc(entries.reduce((sum, each) => sum + frameLength(each.type, form, each), 0));
      let at = 0;
      for (const each of entries) at = writeFrame(target, at, each.type, form, each);
      assert.equal(at, target.length);
      const { resources } = fromBinary(DeltaDiscoveryResponseSchema, target);
      assert.deepEqual(
        resources.map(({ name, version }) => [name, version]),
        entries.map(({ name, version }) => [name, version]),
      );
    }),
    { numRuns: 30 },
  );
});
