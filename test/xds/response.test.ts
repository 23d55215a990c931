import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { coalesce, encodeHead, grpcPrefix } from "../../src/xds/response.ts";
import { decodeDiscoveryResponse } from "../support/google-protobuf-decoder.ts";
import { serviceEntry } from "../support/xds-rig.ts";

test("a head with framed resources behind it is a whole response to an independent decoder", () => {
  const head = encodeHead({ version: "v", typeUrl: "t", nonce: "n", controlPlane: "c" });
  const entries = [serviceEntry("a"), serviceEntry("b", 2, 3)];
  const decoded = decodeDiscoveryResponse(Buffer.concat([head, ...entries.map((entry) => entry.framed)]));
  assert.deepEqual([decoded.versionInfo, decoded.typeUrl, decoded.nonce], ["v", "t", "n"]);
  assert.deepEqual(
    decoded.resources.map(({ name, version }) => ({ name, version })),
    entries.map(({ name, version }) => ({ name, version })),
  );
});

test("coalescing keeps every byte in its place, leaves large pieces alone and makes few small ones", () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 4_000, max: 30_000 })), { maxLength: 20 });
  fc.assert(
    fc.property(sizes, (lengths) => {
      const pieces = lengths.map((length, index) => new Uint8Array(length).fill(index));
      const joined = coalesce(pieces);
      assert.deepEqual(Buffer.concat(joined).compare(Buffer.concat(pieces)), 0);
      for (const large of pieces.filter((piece) => piece.byteLength >= 8_192)) assert.ok(joined.includes(large));
      const small = joined.filter((piece) => piece.byteLength < 8_192).length;
      assert.ok(small <= joined.length - small + 1, "no two small pieces are neighbours");
    }),
    { numRuns: 100 },
  );
});

test("the prefix of a message is its length, uncompressed", () => {
  assert.deepEqual([...grpcPrefix(0x01020304)], [0, 1, 2, 3, 4]);
  assert.throws(() => grpcPrefix(2 ** 32), RangeError);
});
