import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { suite, type TestContext, test } from "node:test";
import fc from "fast-check";
import { joinedLookups } from "../../../src/registries/joined-lookups.ts";
import { Connection, type ConnectionEvents, ConnectionLost } from "../../../src/registries/sofa/bolt/connection.ts";
import {
  BadFrame,
  encodeHeartbeat,
  encodeHeartbeatAnswer,
  encodeRequest,
  encodeResponse,
  type Frame,
  readFrame,
} from "../../../src/registries/sofa/bolt/frame.ts";
import { Frames } from "../../../src/registries/sofa/bolt/frames.ts";
import { PendingRequests } from "../../../src/registries/sofa/bolt/pending-requests.ts";
import { hessianCodec } from "../../../src/registries/sofa/messages/hessian-codec.ts";
import { protobufCodec } from "../../../src/registries/sofa/messages/protobuf-codec.ts";
import { captured, frameNamed } from "./captured-frames.ts";

suite("frames of Bolt", () => {
  test("are written as a real client and a real server write them, byte by byte", () => {
    assert.deepEqual(encodeHeartbeat(101, 3_000), frameNamed("pb-00-c2s-heartbeat"));
    assert.deepEqual(encodeHeartbeatAnswer(101), frameNamed("pb-02-s2c-heartbeatAck"));
    assert.deepEqual(encodeResponse(0x1_1a22, protobufCodec.acknowledgement), frameNamed("pb-05-c2s-ResultPb-ack"));
    assert.deepEqual(encodeResponse(0x1_0a05, hessianCodec.acknowledgement), frameNamed("java-003-c2s-Result"));
  });

  for (const [name, bytes] of captured) {
    test(`${name} is read and written again`, () => {
      const frame = readFrame(bytes);
      assert.match(frame.className, /^$|^com\.(alipay|example)\./);
      const timeout = frame.type === "request" ? bytes.readInt32BE(10) : 0;
      if (frame.className === "") return;
      const again = frame.type === "request" ? encodeRequest(frame.id, timeout, frame) : encodeResponse(frame.id, frame);
      again.writeInt16BE(frame.type === "response" ? frame.status : again.readInt16BE(10), 10);
      assert.deepEqual(again, bytes);
    });
  }

  test("come out whole, however the stream is cut", () => {
    const all = [...captured.values()];
    const stream = Buffer.concat(all);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (cuts) => {
        const splitter = new Frames(1_000_000);
        const got: Frame[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const length = cuts[turn % cuts.length]!;
          splitter.push(stream.subarray(at, at + length), (frame) => got.push(frame));
          at += length;
        }
        assert.deepEqual(got, all.map(readFrame));
      }),
      { numRuns: 30 },
    );
  });

  test("of 32 MB in small pieces are put together once", () => {
    const frame = encodeResponse(1, { codec: 11, className: "x", content: Buffer.alloc(32 * 1024 * 1024, 7) });
    const splitter = new Frames(64 * 1024 * 1024);
    const got: Frame[] = [];
    for (let at = 0; at < frame.length; at += 16_384) splitter.push(frame.subarray(at, at + 16_384), (each) => got.push(each));
    assert.equal(got[0]?.content.length, 32 * 1024 * 1024);
  });

  test("of any bytes are read or refused, and nothing else happens", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), fc.boolean(), (chunks, begin) => {
        const splitter = new Frames(1_000);
        try {
          if (begin) splitter.push(Buffer.from([1, 0]), () => {});
          for (const chunk of chunks) splitter.push(Buffer.from(chunk), ({ content }) => assert.ok(content.length <= 1_000));
        } catch (error) {
          assert.ok(error instanceof BadFrame, String(error));
        }
      }),
    );
  });

  for (const [what, bytes, message] of [
    ["another protocol", Buffer.from("HTTP/1.1 400 Bad Request"), /no Bolt server: .*"HTTP\/1\.1 400 Bad"/],
    ["version 2 of it", Buffer.from([2, 1, 1]), /no Bolt server/],
    ["an unknown type", Buffer.from([1, 9]), /unknown type 9/],
    ["a part of negative length", withLength(-1), /negative length/],
    ["two gigabytes", withLength(0x7fff_ffff), /a frame of 2147483667 bytes/],
  ] as const) {
    test(`${what} is refused`, () => assert.throws(() => new Frames(64 * 1024 * 1024).push(bytes, () => {}), message));
  }

  test("are numbered anew when the numbers are used up", () => {
    const pending = new PendingRequests(0x7fff_fffe);
    assert.deepEqual([pending.nextId(), pending.nextId()], [0x7fff_ffff, 1]);
  });
});

suite("a connection", { concurrency: true }, () => {
  test("pairs answers with requests in whatever order they come", async (context) => {
    const { connection, socket } = await connected(context);
    const requests = ["a", "b", "c"].map((className) => connection.request({ codec: 11, className, content: Buffer.alloc(0) }));
    const asked = await framesFrom(socket, 3);
    for (const { id, className } of asked.reverse())
      socket.write(encodeResponse(id, { codec: 11, className: className.toUpperCase(), content: Buffer.alloc(0) }));
    assert.deepEqual(
      (await Promise.all(requests)).map(({ className }) => className),
      ["A", "B", "C"],
    );
  });

  test("answers heartbeats, and a push at once", async (context) => {
    const asked: string[] = [];
    const { socket } = await connected(context, {
      asked: ({ className }) => {
        asked.push(className);
        return protobufCodec.acknowledgement;
      },
    });
    socket.write(encodeHeartbeat(7, 1_000));
    socket.write(frameNamed("pb-08-s2c-ReceivedDataPb"));
    const [heartbeat, acknowledgement] = await framesFrom(socket, 2);
    assert.deepEqual([heartbeat?.id, heartbeat?.command], [7, 0]);
    assert.deepEqual([acknowledgement?.id, acknowledgement?.codec], [readFrame(frameNamed("pb-08-s2c-ReceivedDataPb")).id, 11]);
    assert.match(asked[0]!, /ReceivedDataPb$/);
  });

  test("ends with a reason when the other side speaks something else, and its requests with it", async (context) => {
    const { connection, socket, lost } = await connected(context);
    const request = connection.request({ codec: 11, className: "a", content: Buffer.alloc(0) });
    socket.write("HTTP/1.1 400 Bad Request\r\n");
    assert.match(await lost, /cannot be understood: no Bolt server/);
    await assert.rejects(request, ConnectionLost);
    await assert.rejects(connection.request({ codec: 11, className: "a", content: Buffer.alloc(0) }), ConnectionLost);
  });

  test("ends when nothing is heard any more", async (context) => {
    const { lost } = await connected(context, {}, { heartbeatInterval: 30 });
    assert.match(await lost, /nothing heard for 30 ms/);
  });

  test("ends when heartbeats are answered and requests are not", async (context) => {
    const { connection, socket, lost } = await connected(context, {}, { heartbeatInterval: 20, requestTimeout: 30 });
    const splitter = new Frames(1_000);
    socket.on("data", (chunk: Buffer) =>
      splitter.push(chunk, ({ id, command }) => void (command === 0 && socket.write(encodeHeartbeatAnswer(id)))),
    );
    connection.request({ codec: 11, className: "a", content: Buffer.alloc(0) }).catch(() => {});
    assert.match(await lost, /no answer to a request for \d+ ms/);
  });
});

/** The head of a response whose content is said to be so long. */
function withLength(length: number): Buffer {
  const bytes = encodeHeartbeatAnswer(1);
  bytes.writeInt32BE(length, 16);
  return bytes;
}

async function connected(context: TestContext, events: Partial<ConnectionEvents> = {}, settings: object = {}) {
  const server = createServer().listen(0, "127.0.0.1");
  context.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const opened = Promise.withResolvers<void>();
  const lost = Promise.withResolvers<string>();
  const connection = new Connection(
    { host: "127.0.0.1", port },
    { connectTimeout: 3_000, requestTimeout: 5_000, heartbeatInterval: 10_000, ...settings },
    { opened: opened.resolve, contact() {}, asked: () => undefined, lost: lost.resolve, ...events },
    joinedLookups(),
  );
  context.after(() => connection.close());
  const [[socket]] = await Promise.all([once(server, "connection") as Promise<[Socket]>, opened.promise]);
  context.after(() => socket.destroy());
  return { connection, socket, lost: lost.promise };
}

function framesFrom(socket: Socket, count: number): Promise<Frame[]> {
  const { promise, resolve } = Promise.withResolvers<Frame[]>();
  const frames: Frame[] = [];
  const splitter = new Frames(1_000_000);
  socket.on("data", (chunk: Buffer) =>
    splitter.push(chunk, (frame) => {
      if (frames.push(frame) === count) resolve(frames);
    }),
  );
  return promise;
}
