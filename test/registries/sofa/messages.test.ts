import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { SubscriberRegisterSchema } from "../../../src/gen/sofa/registry/session_pb.ts";
import { readFrame } from "../../../src/registries/sofa/bolt/frame.ts";
import { hessianCodec } from "../../../src/registries/sofa/messages/hessian-codec.ts";
import { inflate } from "../../../src/registries/sofa/messages/inflate.ts";
import { protobufCodec } from "../../../src/registries/sofa/messages/protobuf-codec.ts";
import type { Client, Registration } from "../../../src/registries/sofa/messages/session-codec.ts";
import { hessian, type Pushed, protobuf } from "../../support/fake-sofa/dialect.ts";
import { frameNamed } from "./captured-frames.ts";

const id = { dataId: "com.demo.PayFacade:1.0@DEFAULT", instanceId: "DEFAULT_INSTANCE_ID", group: "SOFA" };
const client: Client = { appName: "lab-node", zone: "", scope: "global", acceptMulti: false, attributes: {} };
const registration: Registration = { id, registId: "bb277f3f-60d9-4d89-b572-2aaa824346c6", version: 1, event: "REGISTER" };
const pushed: Pushed = {
  ...id,
  registIds: ["r1", "r2"],
  segment: "east",
  version: 2n ** 53n + 3n,
  zones: { GZ00A: ["10.0.0.1:12200?p=1"], GZ00B: ["10.0.0.2:12200", "10.0.0.3:12200"] },
};

suite("messages as protobuf", () => {
  test("a subscription says what a real one says", () => {
    const captured = readFrame(frameNamed("pb-01-c2s-SubscriberRegisterPb"));
    const { className, codec, content } = protobufCodec.subscribe(registration, client);
    assert.deepEqual([className, codec], [captured.className, captured.codec]);
    const [ours, theirs] = [content, captured.content].map((bytes) => fromBinary(SubscriberRegisterSchema, bytes));
    const { scope, baseRegister } = theirs!;
    assert.equal(ours?.scope, scope);
    for (const key of ["instanceId", "zone", "appName", "dataId", "group", "registId", "eventType", "version"] as const) {
      assert.equal(ours?.baseRegister?.[key], baseRegister?.[key], key);
    }
    assert.equal(ours?.acceptEncoding, "zstd,gzip");
  });

  test("answers and pushes of a real server", () => {
    const { success, message } = protobufCodec.registerAnswer(readFrame(frameNamed("pb-03-s2c-RegisterResponsePb")));
    assert.deepEqual([success, message], [true, "Subscriber register success!"]);
    const { className, content } = readFrame(frameNamed("pb-08-s2c-ReceivedDataPb"));
    assert.ok(protobufCodec.isPush(className));
    const push = protobufCodec.push(className, content);
    assert.deepEqual(push.id, id);
    assert.deepEqual(push.registIds, [registration.registId]);
    assert.deepEqual(push.segments, [
      {
        name: "DefaultDataCenter",
        version: 8_157_855_616_925_696n,
        zones: new Map([["DEFAULT_ZONE", ["10.0.0.1:12200?p=1&_WEIGHT=200&app_name=pay", "10.0.0.2:12200?p=1"]]]),
      },
    ]);
  });

  test("a server's exception is no answer", () => {
    const frame = {
      ...readFrame(frameNamed("pb-03-s2c-RegisterResponsePb")),
      className: "com.alipay.remoting.rpc.exception.RpcServerException",
    };
    assert.throws(() => protobufCodec.registerAnswer(frame), /RpcServerException/);
  });

  for (const encoding of ["", "gzip", "zstd"]) {
    test(`a push and one of several data centers, ${encoding || "not compressed"}`, () => {
      const zones = new Map(Object.entries(pushed.zones));
      const east = { name: "east", version: pushed.version, zones };
      const one = protobuf.push(pushed, encoding);
      assert.deepEqual(protobufCodec.push(one.className, one.content), { id, registIds: ["r1", "r2"], segments: [east] });
      const several = protobuf.multiPush!([pushed, { ...pushed, segment: "west", version: 9n }], encoding);
      assert.deepEqual(protobufCodec.push(several.className, several.content).segments, [east, { ...east, name: "west", version: 9n }]);
    });
  }

  test("what grows beyond all bounds is not inflated", () => {
    const zeros = Buffer.alloc(1_000_001);
    for (const [encoding, body] of [
      ["gzip", gzipSync(zeros)],
      ["zstd", zstdCompressSync(zeros)],
    ] as const) {
      assert.throws(() => inflate(body, encoding, 1_000_000), /Cannot create a Buffer larger|larger than/, encoding);
    }
    assert.throws(() => inflate(Buffer.from("x"), "brotli"), /encoded as "brotli"/);
  });

  test("of any bytes are read or refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
        for (const name of ["ReceivedDataPb", "MultiReceivedDataPb"]) {
          try {
            protobufCodec.push(`com.alipay.sofa.registry.common.model.client.pb.${name}`, content);
          } catch (error) {
            assert.ok(error instanceof Error);
          }
        }
      }),
    );
  });
});

suite("messages as Hessian", () => {
  test("a subscription is read as the official client's", () => {
    const theirs = hessian.register(readFrame(frameNamed("java-000-c2s-SubscriberRegister")));
    const { className, codec, content } = hessianCodec.subscribe(
      { ...registration, registId: theirs!.registId },
      { ...client, zone: "DEFAULT_ZONE" },
    );
    assert.equal(codec, 1);
    const frame = { ...readFrame(frameNamed("java-000-c2s-SubscriberRegister")), className, content: Buffer.from(content) };
    assert.deepEqual(hessian.register(frame), theirs);
  });

  test("answers and pushes of a real server", () => {
    const answer = hessianCodec.registerAnswer(readFrame(frameNamed("java-001-s2c-RegisterResponse")));
    assert.deepEqual(answer, { success: true, refused: false, message: "Subscriber register success!" });
    const { className, content } = readFrame(frameNamed("java-006-s2c-ReceivedData"));
    assert.ok(hessianCodec.isPush(className));
    assert.deepEqual(hessianCodec.push(className, content), {
      id,
      registIds: ["a12f1dd7-eca5-4668-b84e-c66aee1a3943"],
      segments: [
        {
          name: "DefaultDataCenter",
          version: 8_157_852_922_314_752n,
          zones: new Map([["DEFAULT_ZONE", ["10.0.0.1:12200?p=1&_WEIGHT=200&app_name=pay&v=4.0&_SERIALIZETYPE=4"]]]),
        },
      ],
    });
  });

  test("a version beyond 2^53 stays exact", () => {
    const { className, content } = hessian.push(pushed, "");
    assert.equal(hessianCodec.push(className, content).segments[0]?.version, pushed.version);
  });

  test("of any bytes are read or refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (content) => {
        try {
          hessianCodec.push("", content);
        } catch (error) {
          assert.ok(error instanceof Error);
        }
      }),
    );
  });
});
