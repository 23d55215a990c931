import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { NodeSchema } from "../../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { clientKind } from "../../../src/xds/stream/client.ts";
import { istiodNode } from "../../support/xds-probe.ts";

test("only a client on loopback that says so is the istiod beside us, whose first answers wait", () => {
  const node = create(NodeSchema, istiodNode);
  assert.equal(clientKind(node, true), "istiod");
  assert.equal(clientKind(node, false), "tool");
  assert.equal(clientKind(create(NodeSchema, { id: node.id }), true), "tool");
  assert.equal(clientKind(undefined, true), "tool");
});
