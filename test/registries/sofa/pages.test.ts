import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { parseDatum } from "../../../src/registries/sofa/http/data-pages.ts";
import { javaString } from "../../../src/registries/sofa/http/java-string.ts";
import { parseSessionServers } from "../../../src/registries/sofa/http/session-pages.ts";

const data = "10.0.0.1:12200?p=1&_WEIGHT=200&app_name=pay&v=4.0&_SERIALIZETYPE=4";
const bytes = "rO0ABXQAQjEwLjAuMC4xOjEyMjAwP3A9MSZfV0VJR0hUPTIwMCZhcHBfbmFtZT1wYXkmdj00LjAmX1NFUklBTElaRVRZUEU9NA==";

/** As a data server of 6.3.0 printed it. */
const datum = `{"DefaultDataCenter":{"dataInfoId":"com.demo.PayFacade:1.0@DEFAULT#@#DEFAULT_INSTANCE_ID#@#SOFA","dataCenter":"DefaultDataCenter",
"pubMap":{"609ef230":{"cell":"GZ00A","appName":"pay","version":1,"dataList":[{"bytes":"${bytes}","serialization":1,"object":null},
{"bytes":null,"serialization":1,"object":"10.0.0.2:12200"},{"bytes":"rO0ABXA=","serialization":1,"object":null}],"publishType":"NORMAL"},
"7":{"cell":"GZ00A","version":2,"dataList":null}},"version":81784241615667219,"recentVersions":[8178424161566720]}}`;

suite("lists of session servers", () => {
  for (const [text, servers] of [
    ["10.0.0.1:9600?weight=12;[::1]:9601?weight=0", ["10.0.0.1:9600 12", "::1:9601 0"]],
    ["10.0.0.1:9600;session-1.sofa\n", ["10.0.0.1:9600 undefined", "session-1.sofa:9600 undefined"]],
    ["", []],
    ["<html>", undefined],
    ["10.0.0.1:99999", undefined],
    ['{"a":1}', undefined],
  ] as const) {
    test(JSON.stringify(text), () =>
      assert.deepEqual(
        parseSessionServers(text)?.map(({ address, weight }) => `${address.host}:${address.port} ${weight}`),
        servers,
      ),
    );
  }
});

suite("what a data server holds", () => {
  test("is read with its exact version; what is no text is left out", () => {
    assert.deepEqual(parseDatum(datum, "DefaultDataCenter"), {
      name: "DefaultDataCenter",
      version: 81_784_241_615_667_219n,
      zones: new Map([["GZ00A", [data, "10.0.0.2:12200"]]]),
    });
  });

  test("is nothing of an id or a data center that it does not know", () => {
    assert.equal(parseDatum('{"Nope":null}', "Nope"), undefined);
    assert.equal(parseDatum(datum, "Other"), undefined);
  });

  for (const text of ["<html>", '{"a":{}}', '{"a":{"version":1}}', '{"a":{"version":"1","pubMap":{}}}']) {
    test(`is not ${text}`, () => assert.throws(() => parseDatum(text, "a")));
  }
});

suite("texts in Java's serialization", () => {
  test("are read, short and long", () => {
    assert.equal(javaString(bytes), data);
    const long = Buffer.from("x".repeat(70_000));
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(long.length));
    assert.equal(javaString(Buffer.concat([Buffer.from("aced00057c", "hex"), length, long]).toString("base64")), long.toString());
  });

  test("of any bytes are read or refused", () => {
    for (const wrong of [null, 7, "", "rO0ABXA=", "rO0ABXQA/2E="]) assert.equal(javaString(wrong), undefined);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (tail) => {
        const text = javaString(Buffer.concat([Buffer.from("aced0005", "hex"), tail]).toString("base64"));
        assert.ok(text === undefined || text.length <= tail.length);
      }),
    );
  });
});
