import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { ConfigErrors } from "../../src/config/config-errors.ts";
import { loadConfig, parseConfig } from "../../src/config/load.ts";
import { printableConfig } from "../../src/config/printable.ts";
import { testKinds } from "./kinds.ts";

const files: Record<string, string> = { "/etc/t/pass": "from-file\n", "/run/abs": "two\nlines\r\n\n" };

function parse(yaml: string, env: Record<string, string> = {}) {
  const readFile = (path: string) => {
    const text = files[path];
    if (text === undefined) throw new Error("it does not exist");
    return text;
  };
  return parseConfig(yaml, { file: "/etc/t/tributary.yaml", kinds: testKinds, env, readFile });
}

/** A configuration whose only password is the given text. */
const withPassword = (text: string) => `registries:\n  - {type: pond, id: a, servers: [s], password: '${text}'}\n`;
const password = (text: string, env?: Record<string, string>) => parse(withPassword(text), env).config.registries[0]?.password;

test("references are replaced, several per string", () => {
  const env = { USER: "joe", PASS: "s3cret" };
  assert.equal(password("${env:USER}:${env:PASS}@${file:pass}", env), "joe:s3cret@from-file");
  assert.equal(password("${file:/run/abs}"), "two\nlines");
  assert.equal(password("no reference $ { } $x"), "no reference $ { } $x");
});

test("$${ is a plain ${, and a resolved value is not looked at again", () => {
  assert.equal(password("$${env:USER} and ${env:USER}", { USER: "${env:PASS}" }), "${env:USER} and ${env:PASS}");
});

test("the values and files are handed over, for redaction and for reload", () => {
  const { secrets, files } = parse(withPassword("${env:PASS} ${file:pass} ${file:pass} ${env:EMPTY}"), { PASS: "s3cret", EMPTY: "" });
  assert.deepEqual(secrets, [
    { value: "s3cret", reference: "${env:PASS}" },
    { value: "from-file", reference: "${file:pass}" },
  ]);
  assert.deepEqual(files, ["/etc/t/pass"]);
});

test("what cannot be resolved is told at its position, and only once", () => {
  const text = [
    "registries:",
    "  - {type: pond, id: a, servers: ['${env:NONE}', '${file:none}'], password: '${evn:X}'}",
    "  - {type: pond, id: '${env:NONE}', servers: ['${env:', '${plain}', '${env:}']}",
  ].join("\n");
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof ConfigErrors);
    assert.deepEqual(
      error.errors.map(({ code, position, message }) => `${code} ${position?.line}:${position?.column} ${message}`),
      [
        "CONFIG_SECRET 2:35 registries[0].servers[0]: the environment variable NONE is not set",
        "CONFIG_SECRET 2:50 registries[0].servers[1]: cannot read the secret file /etc/t/none: it does not exist",
        'CONFIG_SECRET 2:77 registries[0].password: not a reference: expected ${env:NAME} or ${file:PATH}, or $${ for a plain ${; did you mean "env"?',
        "CONFIG_SECRET 3:22 registries[1].id: the environment variable NONE is not set",
        "CONFIG_SECRET 3:47 registries[1].servers[0]: a reference ${ is not closed by }; write $${ for a plain ${",
        "CONFIG_SECRET 3:57 registries[1].servers[1]: not a reference: expected ${env:NAME} or ${file:PATH}, or $${ for a plain ${",
        "CONFIG_SECRET 3:69 registries[1].servers[2]: not a reference: expected ${env:NAME} or ${file:PATH}, or $${ for a plain ${",
      ],
    );
    assert.deepEqual(error.files, ["/etc/t/none"]);
    return;
  }
  assert.fail("the configuration was accepted");
});

test("the environment has no inherited names", () => {
  assert.throws(() => password("${env:toString}"), /toString is not set/);
});

test("no error repeats a secret", () => {
  const yaml = `registries:\n  - {type: '\${env:S}', id: '\${env:S}'}\nlog: {level: '\${env:S}'}\nxds: {port: '\${env:S}', address: '\${env:S}'}\n`;
  assert.throws(
    () => parse(yaml, { S: "Hunter-2-Secret" }),
    (error) => error instanceof ConfigErrors && error.errors.length >= 4 && !error.message.includes("Hunter"),
  );
});

test("the printable configuration shows references in place of values", () => {
  const yaml =
    "registries:\n  - {type: pond, id: a, servers: ['zk:1', '${env:HOST}:2181'], password: 'x${file:pass}', naming: {suffix: 'it-is-s3cret'}}\nxds: {pacing: {ackTimeout: '${env:T}'}}\n";
  const loaded = parse(yaml, { HOST: "s3cret", T: "90s" });
  assert.equal(loaded.config.xds.pacing.ackTimeout, 90_000);
  const shown = printableConfig(loaded) as typeof loaded.config;
  assert.deepEqual(shown.registries[0]?.servers, ["zk:1", "${env:HOST}:2181"]);
  assert.equal(shown.registries[0]?.password, "x${file:pass}");
  assert.equal(shown.registries[0]?.naming.suffix, "it-is-${env:HOST}");
  assert.equal(shown.xds.pacing.ackTimeout, "${env:T}");
  assert.equal(shown.xds.port, 16010);
  assert.doesNotMatch(JSON.stringify(shown), /s3cret|from-file/);
});

test("a pipe, a folder or a huge file as secret is an error, not a stall", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "secrets-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "tributary.yaml");
  const load = (name: string) => () => {
    writeFileSync(file, withPassword(`\${file:${name}}`));
    return loadConfig(file, { kinds: testKinds });
  };
  mkdirSync(join(folder, "sub"));
  assert.throws(load("sub"), /it is a directory/);
  execFileSync("mkfifo", [join(folder, "pipe")]);
  assert.throws(load("pipe"), /it is not a regular file/);
  assert.throws(load("/dev/zero"), /it is not a regular file/);
  writeFileSync(join(folder, "big"), Buffer.alloc(1024 * 1024 + 1, "x"));
  assert.throws(load("big"), /it is larger than 1048576 bytes/);
  writeFileSync(join(folder, "fine"), "ok\n");
  assert.equal(load("fine")().config.registries[0]?.password, "ok");
});

test("a kind's own complaint repeats no part of a secret, and none about a stand-in", () => {
  const schema = z.strictObject({
    list: z.array(z.string()).transform((items, context) => {
      for (const item of items.join(",").split(",")) {
        if (!item.endsWith("!")) context.addIssue({ code: "custom", message: `"${item}" is too quiet` });
      }
      return items;
    }),
  });
  const kinds = [{ ...testKinds[0]!, id: "loud", schema }];
  const told = (list: string, env: Record<string, string> = {}) => {
    try {
      parseConfig(`registries:\n  - {type: loud, id: a, list: ${list}}\n`, { file: "t.yaml", kinds, env });
    } catch (error) {
      return (error as ConfigErrors).errors.map(({ message }) => message);
    }
    return [];
  };
  assert.deepEqual(told("[hush]"), ['registries[0].list: "hush" is too quiet']);
  assert.deepEqual(told("['${env:A}']", { A: "hey!,hush" }), ["registries[0].list: a referenced value has not the expected form"]);
  assert.deepEqual(told("['${env:A}']"), ["registries[0].list[0]: the environment variable A is not set"]);
  assert.deepEqual(told("['${env:A}']", { A: "hey!" }), []);
});
