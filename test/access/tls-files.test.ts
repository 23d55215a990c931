import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readTlsFiles } from "../../src/access/tls-files.ts";
import { describeError } from "../../src/errors/tributary-error.ts";
import { certificateFile, tlsSettings } from "../support/certificates.ts";
import { tempFolder } from "../support/temp-folder.ts";

const now = Date.parse("2026-01-01");

/** The error's whole line. */
function failure(changes: Partial<typeof tlsSettings>): string {
  try {
    readTlsFiles({ ...tlsSettings, ...changes }, "xds.tls", now);
  } catch (error) {
    return describeError(error);
  }
  return "no error";
}

test("good files are taken without a warning", () => {
  const { cert, key, ca, warnings, expires } = readTlsFiles(tlsSettings, "xds.tls", now);
  assert.deepEqual(
    [cert, key, ca],
    [tlsSettings.certificate, tlsSettings.key, tlsSettings.clientCa].map((file) => readFileSync(file, "utf8")),
  );
  assert.deepEqual(warnings, []);
  assert.equal(new Date(expires).getUTCFullYear(), 2120);
});

test("a file that cannot be read is named with its setting and the reason", (t) => {
  const folder = tempFolder(t);
  const missing = join(folder.path, "missing.pem");
  mkdirSync(join(folder.path, "folder"));
  assert.equal(failure({ certificate: missing }), `xds.tls.certificate: cannot read ${missing}: it does not exist [TLS_UNUSABLE]`);
  assert.match(failure({ key: join(folder.path, "folder") }), /^xds\.tls\.key: cannot read .*: it is a directory \[TLS_UNUSABLE\]$/);
  assert.match(failure({ clientCa: missing }), /^xds\.tls\.clientCa: /);
});

test("a file that holds something else is told what was expected", (t) => {
  const folder = tempFolder(t);
  const text = folder.write("text.pem", "hello");
  const broken = folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n");
  const brokenKey = folder.write("broken.key", "-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n");
  assert.match(
    failure({ certificate: text }),
    /no PEM certificate in .*text\.pem \[TLS_UNUSABLE\] \(expected text that begins with -----BEGIN C/,
  );
  assert.match(failure({ certificate: tlsSettings.key }), /no PEM certificate in .*server\.key, only a private key/);
  assert.match(failure({ clientCa: text }), /^xds\.tls\.clientCa: no PEM certificate/);
  assert.match(failure({ certificate: broken }), /^xds\.tls\.certificate: certificate 1 in .* cannot be read: /);
  assert.match(failure({ key: tlsSettings.certificate }), /^xds\.tls\.key: no PEM private key in .*server\.pem/);
  assert.match(failure({ key: brokenKey }), /^xds\.tls\.key: the key in .* cannot be read: /);
});

test("a key that is too weak for TLS is refused before anybody connects", () => {
  const weak = { certificate: certificateFile("server-weak.pem"), key: certificateFile("server-weak.key") };
  assert.match(failure(weak), /^xds\.tls: .*server-weak\.pem, .* cannot be used for TLS: ee key too small \[TLS_UNUSABLE\]$/);
});

test("an encrypted key is refused as such", (t) => {
  const { privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" },
  });
  assert.match(
    failure({ key: tempFolder(t).write("encrypted.key", privateKey) }),
    /it is encrypted; a key without a passphrase is expected/,
  );
});

test("a key that belongs to another certificate is refused", () => {
  assert.match(
    failure({ key: certificateFile("server-next.key") }),
    /^xds\.tls\.key: .*server-next\.key is not the key of the first certificate in .*server\.pem \(O=Tributary tests, CN=server\)/,
  );
});

test("what is expired or not yet valid, and an authority that is none, are warnings", () => {
  const expired = { certificate: certificateFile("server-expired.pem"), key: certificateFile("server-expired.key") };
  const warningsOf = (changes: Partial<typeof tlsSettings>, at = now) =>
    readTlsFiles({ ...tlsSettings, ...changes }, "xds.tls", at).warnings;
  assert.match(warningsOf(expired).join(), /^certificate 1 in .*server-expired\.pem expired at 2020-02-01T00:00:00\.000Z$/);
  assert.match(
    warningsOf({}, Date.parse("2019-01-01")).join("\n"),
    /server\.pem is not valid before 2020-01-01.*\n.*authority.* is not valid/,
  );
  assert.match(warningsOf({ clientCa: tlsSettings.certificate }).join(), /CN=server in .* is no authority/);
});
