import assert from "node:assert/strict";
import { test } from "node:test";
import { refuseRequest } from "../../src/admin/request-guard.ts";

const loopback = { address: "127.0.0.1" };

test("on loopback, the Host header must name this machine, whatever the port", () => {
  for (const host of ["127.0.0.1:16021", "localhost", "LOCALHOST:9999", "[::1]:16021", "127.0.0.2:1"]) {
    assert.equal(refuseRequest({ host }, loopback), undefined, host);
  }
  for (const host of [
    undefined,
    "",
    "evil.example.com",
    "evil.example.com:16021",
    "127.0.0.1.evil.com",
    "localhost.evil.com",
    "10.0.0.1",
    "a@127.0.0.1",
    "[::1",
  ]) {
    assert.match(refuseRequest({ host }, loopback) ?? "", /Host header/, host);
  }
});

test("pages of other sites are refused, of whatever scheme, port or none", () => {
  const host = "localhost:16021";
  for (const origin of ["http://evil.example.com", "http://localhost:3000", "null", "http://localhost"]) {
    assert.match(refuseRequest({ host, origin }, loopback) ?? "", /other web sites/, origin);
  }
  assert.equal(refuseRequest({ host, origin: "http://localhost:16021" }, loopback), undefined);
});

test("what a foreign page embeds is refused, and a link from it is not", () => {
  const host = "localhost:16021";
  assert.match(refuseRequest({ host, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }, loopback) ?? "", /other web sites/);
  assert.equal(refuseRequest({ host, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }, loopback), undefined);
  assert.equal(refuseRequest({ host, "sec-fetch-site": "none", "sec-fetch-mode": "navigate" }, loopback), undefined);
});
