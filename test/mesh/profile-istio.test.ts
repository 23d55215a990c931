import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { creationTimeSeconds } from "../../src/mesh/creation-time.ts";
import { isDnsLabel } from "../../src/mesh/object-names.ts";
import { istioProfile } from "../../src/mesh/profiles/istio.ts";
import { isProtocol, tellsHosts } from "../../src/mesh/validate/ports.ts";

const words: readonly (readonly [word: string, protocol: string, portName: string])[] = [
  ["dubbo", "TCP", "tcp-dubbo"],
  ["bolt", "TCP", "tcp-bolt"],
  ["tri", "GRPC", "grpc-tri"],
  ["grpc", "GRPC", "grpc"],
  ["rest", "HTTP", "http-rest"],
  ["http", "HTTP", "http"],
  ["h2c", "HTTP2", "http2"],
  ["https", "HTTPS", "https"],
  ["redis", "REDIS", "redis"],
  ["udp", "UDP", "udp"],
  ["tcp", "TCP", "tcp"],
  ["", "TCP", "tcp"],
  ["My_Protocol", "TCP", "tcp-my-protocol"],
  ["constructor", "TCP", "tcp-constructor"],
  ["x".repeat(100), "TCP", `tcp-${"x".repeat(59)}`],
];
for (const [word, protocol, portName] of words) {
  test(`${JSON.stringify(word.slice(0, 20))} is ${protocol} on port ${portName.slice(0, 20)}`, () => {
    const result = istioProfile.protocol(word);
    assert.deepEqual([result.name, result.portName], [protocol, portName]);
  });
}

test("every word gives a protocol and a port name that istiod takes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 100 }), (word) => {
      const { name, portName, told } = istioProfile.protocol(word);
      assert.ok(isProtocol(name) && isDnsLabel(portName));
      assert.equal(tellsHosts(name), told === "host");
    }),
  );
});

test("the creation time is the first second of 2100", () => {
  assert.equal(new Date(creationTimeSeconds * 1000).toISOString(), "2100-01-01T00:00:00.000Z");
});
