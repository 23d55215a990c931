import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { judge, namesOf, type Peer } from "../../src/access/peer.ts";
import { certificate, istiodIdentity } from "../support/certificates.ts";

const peer = (changes: Partial<Peer> = {}): Peer => ({
  subject: "CN=a",
  subjectAltName: `URI:${istiodIdentity}`,
  verifyError: undefined,
  ...changes,
});
const reasonOf = (of: Peer, ...allow: string[]) => judge(of, allow, "xds.tls.allow")?.reason;

test("a trusted client that is in the list may connect, by URI or DNS name", () => {
  assert.equal(reasonOf(peer(), "other", istiodIdentity), undefined);
  assert.equal(
    reasonOf(peer({ subjectAltName: "IP Address:10.0.0.1, DNS:Istiod.istio-system.svc" }), "istiod.istio-system.SVC"),
    undefined,
  );
});

test("everybody else is refused with the reason", () => {
  assert.equal(reasonOf(peer({ subject: undefined }), istiodIdentity), "no-certificate");
  assert.equal(reasonOf(peer({ verifyError: "CERT_HAS_EXPIRED" }), istiodIdentity), "untrusted");
  assert.equal(reasonOf(peer(), "spiffe://cluster.local/ns/istio-system/sa/istio"), "not-allowed");
  assert.equal(reasonOf(peer(), `${istiodIdentity}/x`), "not-allowed");
  assert.equal(reasonOf(peer({ subjectAltName: undefined, subject: istiodIdentity }), istiodIdentity), "not-allowed");
});

test("names match in full and in their own kind only", () => {
  assert.equal(reasonOf(peer({ subjectAltName: "DNS:*.example.com" }), "a.example.com"), "not-allowed");
  assert.equal(reasonOf(peer({ subjectAltName: "DNS:a.example.com" }), "*.example.com"), "not-allowed");
  assert.equal(reasonOf(peer({ subjectAltName: `DNS:${istiodIdentity}` }), istiodIdentity), "not-allowed");
  assert.equal(reasonOf(peer({ subjectAltName: "URI:example.com" }), "example.com"), "not-allowed");
  assert.equal(reasonOf(peer({ subjectAltName: "email:a.example.com, IP Address:10.0.0.1" }), "a.example.com", "10.0.0.1"), "not-allowed");
});

test("a refusal says which names the client has, and no more than fits in a line", () => {
  const refusal = judge(peer(), ["x"], "xds.tls.allow");
  assert.equal(refusal?.message, `the client certificate (${istiodIdentity}) is not in xds.tls.allow`);
  const many = Array.from({ length: 1000 }, (_, index) => `DNS:${"n".repeat(60)}${index}`).join(", ");
  assert.ok(judge(peer({ subjectAltName: many }), ["x"], "xds.tls.allow")!.message.length < 700);
});

test("names are read from a real certificate", () => {
  const { subjectAltName } = new X509Certificate(certificate("client-other").cert);
  assert.deepEqual(namesOf(subjectAltName!), { uris: ["spiffe://cluster.local/ns/default/sa/other"], dns: ["other.default.svc"] });
});

test("a name with the syntax of the list in it stays one name", () => {
  assert.deepEqual(namesOf(String.raw`DNS:"a, DNS:good.example.com", URI:"spiffe://x\", URI:spiffe://good", DNS:b`), {
    dns: ["a, dns:good.example.com", "b"],
    uris: ['spiffe://x", URI:spiffe://good'],
  });
});

test("no text makes a name appear that stands only inside another's quotes, nor fails", () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      const { dns } = namesOf(`DNS:${JSON.stringify(name)}, DNS:end`);
      assert.deepEqual(dns, [...(name === "" ? [] : [name.toLowerCase()]), "end"]);
      namesOf(name);
    }),
  );
});
