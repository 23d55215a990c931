import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { ServiceEntrySchema } from "../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import type { MeshObject } from "../../src/mesh/mesh-object.ts";
import type { Difference, DifferenceState } from "../../src/read-back/findings.ts";
import { guess } from "../../src/read-back/guess.ts";
import { sentObject } from "../../src/read-back/sent-object.ts";
import { encodeObject } from "../../src/snapshot/encode.ts";

function object(changes: { hosts?: string[]; labels?: Record<string, string> } = {}): MeshObject {
  const spec = create(ServiceEntrySchema, {
    hosts: changes.hosts ?? ["a.dubbo"],
    resolution: 1,
    ports: [{ number: 80, name: "http", protocol: "HTTP" }],
  });
  return { kind: "ServiceEntry", namespace: "t", name: "a", labels: changes.labels ?? {}, annotations: {}, spec };
}

function guessed(state: DifferenceState, sent: MeshObject | undefined = object(), othersTaken = true) {
  const difference: Difference = { type: "networking.istio.io/ServiceEntry", name: "t/a", state, sent: "1", held: "42" };
  return guess(difference, { object: sent, othersTaken });
}

test("an object of another source is named with its version", () => {
  const { cause, text } = guessed("shadowed");
  assert.equal(cause, "shadowed");
  assert.match(text, /"42"/);
});

test("a missing object with a revision label is meant for another istiod", () => {
  const { cause, text } = guessed("missing", object({ labels: { "istio.io/rev": "canary" } }));
  assert.equal(cause, "revision");
  assert.match(text, /"canary"/);
});

test("a broken rule that we know is said, also where the old copy stays", () => {
  const broken = object({ hosts: ["a_b.dubbo"] });
  assert.deepEqual(guessed("missing", broken).cause, "invalid");
  assert.match(guessed("missing", broken).text, /a_b\.dubbo/);
  assert.deepEqual(guessed("other-version", broken).cause, "invalid");
  assert.match(guessed("other-version", broken).text, /earlier copy.*a_b\.dubbo/);
});

test("an unknown rule is said to be unknown", () => {
  assert.equal(guessed("missing").cause, "refused");
  assert.equal(guessed("other-version").cause, "update-refused");
  assert.equal(guessed("missing", undefined).cause, "refused");
});

test("an istiod without any of our objects is probably not the one that was meant", () => {
  assert.equal(guessed("missing", object(), false).cause, "none-taken");
  assert.equal(guessed("missing", object({ hosts: [] }), false).cause, "invalid");
});

test("what was not sent is not explained", () => {
  assert.equal(guessed("extra", undefined).cause, "leftover");
});

test("what was sent is read from its bytes as it was encoded", () => {
  const sent = object({ labels: { "istio.io/rev": "canary" } });
  assert.deepEqual(sentObject("networking.istio.io/ServiceEntry", encodeObject(sent, 0)), sent);
});

test("bytes that cannot be read are no object", () => {
  const entry = { name: "t/a", version: "1", framed: new Uint8Array([1, 2, 3]), body: new Uint8Array(), seenAt: 0 };
  assert.equal(sentObject("networking.istio.io/ServiceEntry", entry), undefined);
});
