import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ChildrenRequest } from "../../../src/registries/zookeeper/children-request.ts";

suite("a request for children", () => {
  test("travels with its length, number, kind, path and the wish for a watch", () => {
    const request = new ChildrenRequest("/d/é");
    request.header.xid = 258;
    const path = Buffer.from("/d/é");
    assert.deepEqual(
      request.toBuffer(),
      Buffer.concat([Buffer.from([0, 0, 0, 18, 0, 0, 1, 2, 0, 0, 0, 12, 0, 0, 0, 5]), path, Buffer.from([1])]),
    );
  });
});
