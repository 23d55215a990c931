import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { kubeconfigAllowances } from "../../../src/clusters/kubeconfig/allowance.ts";
import { type KubeconfigOptions, readKubeconfig } from "../../../src/clusters/kubeconfig/read-kubeconfig.ts";
import { authority, certificate } from "../../support/certificates.ts";

const data = (value: Buffer | string): string => Buffer.from(value).toString("base64");
const good = { server: "https://10.0.0.1:6443", "certificate-authority-data": data(authority) };

/** A kubeconfig with one cluster and one user, and perhaps another of each. */
function kubeconfig(user: object, cluster: object = good, others: { users?: object[]; clusters?: object[] } = {}): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "east",
    clusters: [{ name: "east-cluster", cluster }, ...(others.clusters ?? [])],
    users: [{ name: "reader", user }, ...(others.users ?? [])],
    contexts: [{ name: "east", context: { cluster: "east-cluster", user: "reader" } }],
  });
}

function refusal(text: string, options?: KubeconfigOptions): string {
  const { access, refused } = readKubeconfig(text, options);
  assert.equal(access, undefined);
  return refused ?? "";
}

suite("kubeconfigs", () => {
  test("a token and embedded certificates are taken as they are", () => {
    const pair = certificate("client");
    const user = { "client-certificate-data": data(pair.cert), "client-key-data": data(pair.key), token: "t0ken\n" };
    assert.deepEqual(readKubeconfig(kubeconfig(user, { ...good, "tls-server-name": "kubernetes" })), {
      cluster: "east-cluster",
      access: {
        server: "https://10.0.0.1:6443",
        ca: authority.toString(),
        certificate: pair.cert.toString(),
        key: pair.key.toString(),
        token: "t0ken",
        tlsServerName: "kubernetes",
      },
    });
  });

  test("the context that is asked for counts, then the current one, then the first", () => {
    const two = (current?: string) =>
      JSON.stringify({
        ...(current !== undefined && { "current-context": current }),
        clusters: [
          { name: "a", cluster: { server: "https://a" } },
          { name: "b", cluster: { server: "https://b" } },
        ],
        users: [],
        contexts: [
          { name: "to-a", context: { cluster: "a" } },
          { name: "to-b", context: { cluster: "b" } },
        ],
      });
    assert.equal(readKubeconfig(two("to-b")).cluster, "b");
    assert.equal(readKubeconfig(two("to-b"), { context: "to-a" }).cluster, "a");
    assert.equal(readKubeconfig(two()).cluster, "a");
    assert.match(refusal(two("nowhere")), /no context "nowhere"/);
    assert.equal(readKubeconfig('clusters: [{name: c, cluster: {server: "https://c"}}]').access?.server, "https://c");
  });

  const dangers: readonly { what: string; user?: object; cluster?: object; allowedBy?: (typeof kubeconfigAllowances)[number] }[] = [
    { what: "exec", user: { exec: { apiVersion: "client.authentication.k8s.io/v1", command: "/bin/false" } }, allowedBy: "exec" },
    { what: "auth-provider", user: { "auth-provider": { name: "gcp", config: { "cmd-path": "/bin/false" } } } },
    { what: "tokenFile", user: { tokenFile: "/etc/token" }, allowedBy: "file-paths" },
    { what: "client-certificate", user: { "client-certificate": "/c", "client-key": "/k" }, allowedBy: "file-paths" },
    {
      what: "client-key",
      user: { "client-certificate-data": data(certificate("client").cert), "client-key": "/k" },
      allowedBy: "file-paths",
    },
    { what: "as", user: { as: "root" }, allowedBy: "impersonation" },
    { what: "as-groups", user: { as: "root", "as-groups": ["system:masters"] }, allowedBy: "impersonation" },
    { what: "as-uid", user: { as: "root", "as-uid": "0" }, allowedBy: "impersonation" },
    { what: "as-user-extra", user: { as: "root", "as-user-extra": { scopes: ["all"] } } },
    { what: "username", user: { username: "admin", password: "s3cret" } },
    { what: "certificate-authority", cluster: { server: "https://a", "certificate-authority": "/ca" }, allowedBy: "file-paths" },
    { what: "insecure-skip-tls-verify", cluster: { server: "https://a", "insecure-skip-tls-verify": true }, allowedBy: "skip-tls-verify" },
    { what: "proxy-url", cluster: { server: "https://a", "proxy-url": "http://proxy:3128" }, allowedBy: "proxy" },
  ];
  /** The file that any path leads to. */
  const readFile = (path: string): string => {
    if (path === "/etc/token") return "from-a-file\n";
    return path === "/k" ? certificate("client").key.toString() : certificate("client").cert.toString();
  };

  for (const { what, user = { token: "t" }, cluster = good, allowedBy } of dangers) {
    test(`${what} is refused by name${allowedBy ? `, unless ${allowedBy} is allowed` : ", whatever is allowed"}`, () => {
      const unread = () => assert.fail("nothing may be read");
      const others = kubeconfigAllowances.filter((one) => one !== allowedBy);
      assert.match(refusal(kubeconfig(user, cluster), { readFile: unread, allow: others }), new RegExp(`has \`${what}\``));
      const allowed = readKubeconfig(kubeconfig(user, cluster), { readFile, allow: kubeconfigAllowances });
      assert.equal(allowed.access !== undefined, allowedBy !== undefined, allowed.refused);
      // An entry that nobody uses is in the hands of the same writer.
      const beside = kubeconfig({ token: "t" }, good, { users: [{ name: "other", user }], clusters: [{ name: "other", cluster }] });
      assert.match(refusal(beside, { readFile: unread }), new RegExp(`"other" has \`${what}\``));
    });
  }

  test("what is allowed is carried: a command, files, another's name, a proxy", () => {
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "aws", args: ["eks"], env: [{ name: "A", value: "b" }] };
    const all = { allow: kubeconfigAllowances, readFile };
    assert.deepEqual(readKubeconfig(kubeconfig({ exec }), all).access?.exec, exec);
    assert.equal(readKubeconfig(kubeconfig({ tokenFile: "/etc/token", token: "embedded" }), all).access?.token, "from-a-file");
    const as = { token: "t", as: "jane", "as-groups": ["dev"] };
    assert.deepEqual(readKubeconfig(kubeconfig(as), all).access?.impersonate, { user: "jane", groups: ["dev"] });
    const proxied = { server: "https://a", "proxy-url": "http://proxy:3128", "insecure-skip-tls-verify": true };
    const { proxy, skipTlsVerify } = readKubeconfig(kubeconfig({ token: "t" }, proxied), all).access ?? {};
    assert.deepEqual([proxy, skipTlsVerify], ["http://proxy:3128/", true]);
  });

  test("what cannot be used is refused before anybody is asked", () => {
    const broken: readonly (readonly [text: string, words: RegExp])[] = [
      ["", /mapping/],
      ["{ token: s3cret", /YAML \(line 1\)/],
      ["a: &a [x]\nb: *a", /YAML/],
      [kubeconfig({ token: "s3cret" }, { server: "ftp://s3cret" }), /server/],
      [kubeconfig({ token: "s3cret" }, { server: "http://a" }), /in the clear/],
      [kubeconfig({ token: "s3cret\nx: y" }), /characters/],
      [kubeconfig({ token: 7 }), /`token` is no text/],
      [kubeconfig({ "client-certificate-data": data(certificate("client").cert) }), /needs its key/],
      [kubeconfig({}, { ...good, "certificate-authority-data": "s3cret!" }), /no base64/],
      [kubeconfig({}, { ...good, "certificate-authority-data": data("s3cret") }), /no PEM/],
      ["clusters: 3", /no list/],
      ["clusters: [{cluster: {}}]", /has no name/],
      ["contexts: [{name: a, context: {cluster: b}}]", /names no cluster/],
      ["x".repeat(1024 * 1024 + 1), /longer/],
    ];
    for (const [text, words] of broken) {
      assert.match(refusal(text), words);
      assert.doesNotMatch(refusal(text), /s3cret/);
    }
  });

  test("never throws and gives either access or a reason, whatever is written", () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.boolean(), tie("list"), tie("map")),
      list: fc.array(tie("any"), { maxLength: 3 }),
      map: fc.dictionary(fc.constantFrom("name", "cluster", "user", "server", "token", "exec", "as", "x"), tie("any"), { maxKeys: 4 }),
    })).any;
    const document = fc.record(
      { clusters: value, users: value, contexts: value, "current-context": value, x: value },
      { requiredKeys: [] },
    );
    const property = fc.property(
      fc.oneof(
        document.map((one) => JSON.stringify(one)),
        fc.string(),
      ),
      (text) => {
        const { access, refused } = readKubeconfig(text, { allow: kubeconfigAllowances, readFile });
        assert.notEqual(access === undefined, refused === undefined);
      },
    );
    fc.assert(property, { numRuns: 300 });
  });
});
