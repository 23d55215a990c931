import assert from "node:assert/strict";
import { test } from "node:test";
import { readClientTls } from "../../../src/cli/ask/client-tls.ts";
import { authority, certificateFile } from "../../support/certificates.ts";

test("without an option there is no TLS; with an authority alone there is", () => {
  assert.equal(readClientTls({}), undefined);
  assert.deepEqual(readClientTls({ tlsCa: certificateFile("authority.pem") }), { ca: `${authority}`, cert: undefined, key: undefined });
});

test("certificate and key go together, and must be readable", () => {
  const tlsCert = certificateFile("client.pem");
  assert.throws(() => readClientTls({ tlsCert }), { code: "TLS_UNUSABLE", message: "--tls-cert and --tls-key go together" });
  assert.throws(() => readClientTls({ tlsCert, tlsKey: "/nowhere" }), { code: "TLS_UNUSABLE", message: /it does not exist/ });
});
