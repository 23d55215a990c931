import assert from "node:assert/strict";
import { test } from "node:test";
import { differences } from "../../src/mesh/object-diff.ts";
import { type ServiceEntryParts, serviceEntryObject } from "../support/service-entry-object.ts";

const told = (before: ServiceEntryParts, after: ServiceEntryParts) =>
  differences(serviceEntryObject("orders", before), serviceEntryObject("orders", after)).map(({ field, before: one, after: other }) => [
    field,
    one,
    other,
  ]);

test("equal objects do not differ", () => {
  assert.deepEqual(told({}, {}), []);
});

test("each thing that callers notice is told with both values", () => {
  assert.deepEqual(told({}, { vip: "241.0.0.2" }), [["vip", "241.0.0.1", "241.0.0.2"]]);
  assert.deepEqual(told({}, { portName: "web" }), [["ports", "80/HTTP http", "80/HTTP web"]]);
  assert.deepEqual(told({ addresses: ["10.0.0.1", "10.0.0.2"] }, { addresses: ["10.0.0.2", "10.0.0.3", "10.0.0.4"] }), [
    ["endpoints", "2", "3 (1 lost, 2 new)"],
  ]);
  assert.deepEqual(told({ weights: [1] }, { weights: [2] }), [["weights", "10.0.0.1*1", "10.0.0.1*2"]]);
  assert.deepEqual(told({}, { exportTo: ["."] }), [["exportTo", "*", "."]]);
});

test("an endpoint that goes on serving at its port is no other one when the service's number changes", () => {
  assert.deepEqual(told({ port: 80 }, { port: 8080, endpointPort: 80 }), [["ports", "80/HTTP http", "8080/HTTP http"]]);
  assert.deepEqual(
    told({ port: 80 }, { port: 8080 }).map(([field]) => field),
    ["ports", "endpoints"],
  );
});

test("of labels and annotations only those that differ are told", () => {
  const kept = { kept: "1" };
  assert.deepEqual(told({ endpointLabels: { ...kept, zone: "a" } }, { endpointLabels: { ...kept, zone: "b", new: "1" } }), [
    ["labels", "zone=a", "new=1 zone=b"],
  ]);
  assert.deepEqual(told({ annotations: { ...kept, a: "1" } }, { annotations: kept }), [["annotations", "a=1", ""]]);
});

test("what is long is cut", () => {
  const [difference] = told({ annotations: { a: "x".repeat(10_000) } }, {});
  assert.equal(difference?.[1]?.length, 200);
});
