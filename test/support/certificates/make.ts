/**
 * Makes the certificates and keys of this folder anew, with `openssl`: `npx node test/support/certificates/make.ts`.
 * They are committed, so that tests need no openssl, and valid until 2120, so that they need no renewal.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = import.meta.dirname;
const long = ["20200101000000Z", "21200101000000Z"] as const;
const past = ["20200101000000Z", "20200201000000Z"] as const;
const istiod = "URI:spiffe://cluster.local/ns/istio-system/sa/istiod";
const server = "DNS:localhost,IP:127.0.0.1,IP:::1";

/** Name of the files, what is certified, by whom. */
const certificates: readonly { name: string; san?: string; authority?: string; days?: readonly [string, string] }[] = [
  { name: "server", san: server },
  { name: "server-next", san: server },
  { name: "server-expired", san: server, days: past },
  { name: "client", san: istiod },
  { name: "client-dns", san: "DNS:istiod.istio-system.svc" },
  { name: "client-other", san: "URI:spiffe://cluster.local/ns/default/sa/other,DNS:other.default.svc" },
  { name: "client-nameless" },
  // A replica of ours: serves, and asks others.
  { name: "replica", san: istiod },
  { name: "client-expired", san: istiod, days: past },
  { name: "client-stranger", san: istiod, authority: "stranger-authority" },
];

const work = mkdtempSync(join(tmpdir(), "certificates-"));
const at = (file: string) => join(work, file);
const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });

/** `openssl ca` alone can say from when to when. */
function sign(name: string, authority: string, extensions: string, [start, end]: readonly [string, string]): void {
  openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", join(folder, `${name}.key`));
  openssl("req", "-new", "-key", join(folder, `${name}.key`), "-subj", `/O=Tributary tests/CN=${name}`, "-out", at(`${name}.csr`));
  const self = name === authority;
  writeFileSync(
    at("ca.cnf"),
    [
      "[ca]",
      "default_ca=own",
      "[own]",
      `database=${at(`${authority}.txt`)}`,
      `serial=${at(`${authority}.srl`)}`,
      `new_certs_dir=${work}`,
      `private_key=${join(folder, `${authority}.key`)}`,
      ...(self ? [] : [`certificate=${join(folder, `${authority}.pem`)}`]),
      "default_md=sha256",
      "policy=any",
      "unique_subject=no",
      "x509_extensions=extensions",
      "[any]",
      "organizationName=supplied",
      "commonName=supplied",
      "[extensions]",
      extensions,
    ].join("\n"),
  );
  const out = join(folder, `${name}.pem`);
  const common = ["-config", at("ca.cnf"), "-in", at(`${name}.csr`), "-out", out, "-startdate", start, "-enddate", end];
  openssl("ca", "-batch", "-notext", ...(self ? ["-selfsign"] : []), ...common);
}

for (const authority of ["authority", "stranger-authority"]) {
  writeFileSync(at(`${authority}.txt`), "");
  writeFileSync(at(`${authority}.srl`), "1000\n");
  sign(authority, authority, "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign", long);
}
for (const { name, san, authority = "authority", days = long } of certificates) {
  const use = `basicConstraints=CA:false\nextendedKeyUsage=${usage(name)}`;
  sign(name, authority, san === undefined ? use : `${use}\nsubjectAltName=${san}`, days);
}
function usage(name: string): string {
  if (name === "replica") return "clientAuth,serverAuth";
  return name.startsWith("client") ? "clientAuth" : "serverAuth";
}

/** A key that OpenSSL reads and refuses to use; certified by itself. */
const weak = ["-newkey", "rsa:1024", "-noenc", "-subj", "/O=Tributary tests/CN=server-weak", "-days", "34000"];
openssl("req", "-x509", ...weak, "-keyout", join(folder, "server-weak.key"), "-out", join(folder, "server-weak.pem"));
for (const authority of ["authority", "stranger-authority"]) rmSync(join(folder, `${authority}.key`));
rmSync(work, { recursive: true });
