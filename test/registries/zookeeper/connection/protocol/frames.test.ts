import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { Frames } from "../../../../../src/registries/zookeeper/connection/protocol/frames.ts";

function framed(body: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeInt32BE(body.length);
  return Buffer.concat([header, body]);
}

suite("frames", () => {
  test("come out whole, however the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
        (bodies, cuts) => {
          const frames = bodies.map((body) => framed(Buffer.from(body)));
          const stream = Buffer.concat(frames);
          const splitter = new Frames(1_000);
          const got: Buffer[] = [];
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const length = cuts[turn % cuts.length] as number;
            splitter.push(stream.subarray(at, at + length), (frame) => got.push(Buffer.from(frame)));
            at += length;
          }
          assert.deepEqual(got, frames);
        },
      ),
    );
  });

  test("may be as many in one piece as there are", () => {
    let count = 0;
    new Frames(1_000).push(Buffer.alloc(4 * 1_000_000), () => count++);
    assert.equal(count, 1_000_000);
  });

  test("of impossible lengths are refused", () => {
    for (const header of ["ffffffff", "7fffffff", "000003e9"]) {
      assert.throws(() => new Frames(1_000).push(Buffer.from(header, "hex"), () => {}), RangeError, header);
    }
  });
});
