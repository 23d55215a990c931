import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { errorName } from "../../../../../src/registries/zookeeper/connection/protocol/error-name.ts";
import { JuteReader, JuteWriter } from "../../../../../src/registries/zookeeper/connection/protocol/jute.ts";
import {
  readChildrenOfEach,
  readGreeting,
  readNotification,
  readReply,
} from "../../../../../src/registries/zookeeper/connection/protocol/replies.ts";
import * as requests from "../../../../../src/registries/zookeeper/connection/protocol/requests.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

suite("what is said to a ZooKeeper server", () => {
  test("begins with a greeting that asks for a new session", () => {
    const zeros = "00".repeat(16);
    assert.deepEqual(requests.greeting(15_000), hex(`0000002d 00000000 0000000000000000 00003a98 0000000000000000 00000010 ${zeros} 00`));
  });

  test("asks for children, content and existence by number, kind, path and the wish for a watch", () => {
    assert.deepEqual(requests.getChildren(258, "/d/é", true), hex("00000012 00000102 00000008 00000005 2f642fc3a9 01"));
    assert.deepEqual(requests.getData(3, "/d", false), hex("0000000f 00000003 00000004 00000002 2f64 00"));
    assert.deepEqual(requests.exists(1, "/", true), hex("0000000e 00000001 00000003 00000001 2f 01"));
  });

  test("asks for a watch on a whole tree, and for what the leader has", () => {
    assert.deepEqual(requests.addRecursiveWatch(5, "/d"), hex("00000012 00000005 0000006a 00000002 2f64 00000001"));
    assert.deepEqual(requests.sync(1, "/"), hex("0000000d 00000001 00000009 00000001 2f"));
  });

  test("asks for the children of many nodes at a time", () => {
    const part = "00000008 00 ffffffff";
    assert.deepEqual(
      requests.getChildrenOfEach(5, ["/d", "/é"]),
      hex(`00000032 00000005 00000016 ${part} 00000002 2f64 00 ${part} 00000003 2fc3a9 00 ffffffff 01 ffffffff`),
    );
  });

  test("carries credentials, signs of life and the farewell under numbers of their own", () => {
    assert.deepEqual(
      requests.authentication("digest", Buffer.from("u:p")),
      hex("0000001d fffffffc 00000064 00000000 00000006 646967657374 00000003 753a70"),
    );
    assert.deepEqual(requests.ping(), hex("00000008 fffffffe 0000000b"));
    assert.deepEqual(requests.closeSession(7), hex("00000008 00000007 fffffff5"));
  });
});

suite("what a ZooKeeper server says", () => {
  const reply = (xid: number, error: number, content = "") =>
    Buffer.concat([new JuteWriter(16).int(xid).long(9n).int(error).frame(), hex(content)]);

  test("tells the session's time-out in its greeting, with or without the flag of newer servers", () => {
    const body = `00000000 00000fa0 00000000000000aa 00000010 ${"01".repeat(16)}`;
    assert.equal(readGreeting(hex(`00000024 ${body}`)), 4_000);
    assert.equal(readGreeting(hex(`00000025 ${body} 00`)), 4_000);
    assert.throws(() => readGreeting(Buffer.alloc(300)), /a greeting of 300 bytes/);
  });

  test("names a node's children", () => {
    const { xid, error, content } = readReply(reply(3, 0, "00000003 00000001 61 00000002 c3a9 ffffffff"));
    assert.deepEqual([xid, error, content.texts()], [3, 0, ["a", "é", ""]]);
  });

  test("names the children of many nodes, and what is against naming them", () => {
    const { content } = readReply(
      reply(
        3,
        0,
        `00000008 00 00000000 00000001 00000001 61 ffffffff 00 ffffff9b ffffff9b 00000008 00 00000000 00000000 ffffffff 01 ffffffff`,
      ),
    );
    assert.deepEqual(readChildrenOfEach(content), [["a"], -101, []]);
  });

  test("holds a node's content, empty where it is null", () => {
    const content = (bytes: string) => readReply(reply(3, 0, `${bytes} 0000000000000001`)).content.bytes();
    assert.deepEqual(content("00000003 00ff61"), hex("00ff61"));
    assert.deepEqual(content("ffffffff"), Buffer.alloc(0));
    assert.throws(() => content("0000000c 00ff61"), RangeError);
  });

  test("names kind and path of what a watch saw, and none for news of the session", () => {
    const fired = (path: string) => readReply(reply(-1, 0, `0000000400000003${path}`));
    assert.deepEqual(readNotification(fired("000000022f61")), { kind: 4, path: "/a" });
    assert.equal(readNotification(fired("ffffffff")), undefined);
  });

  test("cannot make us allocate more than it sent", () => {
    const { content } = readReply(reply(3, 0, "7fffffff00000000"));
    assert.throws(() => content.texts(), RangeError);
  });

  test("may be any bytes: they are read or refused, never more", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const frame = Buffer.from(bytes);
        for (const read of [
          readGreeting,
          (each: Buffer) => readReply(each).content.texts(),
          (each: Buffer) => readReply(each).content.bytes(),
          (each: Buffer) => readChildrenOfEach(readReply(each).content),
          (each: Buffer) => readNotification(readReply(each)),
        ]) {
          try {
            read(frame);
          } catch (error) {
            assert.ok(error instanceof RangeError, String(error));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test("comes back as it was written", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (texts) => {
        const bytes = texts.map((text) => Buffer.from(text));
        const writer = new JuteWriter(bytes.reduce((sum, { length }) => sum + 4 + length, 4)).int(texts.length);
        for (const each of bytes) writer.bytes(each);
        assert.deepEqual(new JuteReader(writer.frame(), 4).texts(), bytes.map(String));
      }),
    );
  });

  test("has a name for every error code, also for one that is new", () => {
    assert.equal(errorName(-101), "NO_NODE");
    assert.equal(errorName(-999), "ERROR");
  });
});
