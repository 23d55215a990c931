import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigErrors } from "../../src/config/config-errors.ts";
import { type LoadedConfig, loadConfig, maxConfigBytes, parseConfig } from "../../src/config/load.ts";
import { commonRegistryShape } from "../../src/config/sections/registry-schema.ts";
import { describeError, TributaryError } from "../../src/errors/tributary-error.ts";
import { kinds } from "../../src/registries/kinds.ts";
import { testKinds } from "./kinds.ts";

const river = "registries:\n  - {type: river, id: a, path: x}\n";

function parse(text: string, env: Record<string, string> = {}): LoadedConfig {
  return parseConfig(text, {
    file: "t.yaml",
    kinds: testKinds,
    env,
    readFile: () => {
      throw new Error("no files here");
    },
  });
}

function errorsOf(text: string, env: Record<string, string> = {}): string[] {
  try {
    parse(text, env);
  } catch (error) {
    assert.ok(error instanceof ConfigErrors, String(error));
    return error.errors.map(describeError);
  }
  assert.fail("the configuration was accepted");
}

test("a small configuration gets every default", () => {
  const { config } = parse(river);
  assert.equal(config.registries[0]?.id, "a");
  assert.equal(config.registries[0]?.path, "x");
  assert.equal(config.registries[0]?.required, true);
  assert.equal(config.registries[0]?.protection.hold, 30_000);
  assert.equal(config.xds.address, "127.0.0.1");
  assert.equal(config.xds.port, 16010);
  assert.equal(config.xds.pacing.ackTimeout, 300_000);
  assert.equal(config.mesh.vipCidr, "241.0.0.0/8");
  assert.equal(config.log.level, "info");
});

test("an unknown key names the nearest known one, at the key's position", () => {
  assert.deepEqual(errorsOf(`${river}xds:\n  prot: 1\n`), [
    't.yaml:4:3: unknown key xds.prot; did you mean "port"? [CONFIG_INVALID] (known here: address, port, shards, incrementalPort, tls, maxStreams, maxRequestBytes, maxTypes, maxNames, pacing, initialSync)',
  ]);
  const [ofKind] = errorsOf("registries:\n  - type: pond\n    id: a\n    servers: [s]\n    Pass-Word: x\n");
  assert.match(ofKind!, /^t.yaml:5:5: unknown key registries\[0\].Pass-Word; did you mean "password"\?/);
  assert.match(ofKind!, /known here: .*servers, password, depth\)$/);
  assert.doesNotMatch(errorsOf(`${river}entirelyDifferent: 1\n`)[0]!, /did you mean/);
});

test("an unknown registry type names the nearest and lists all", () => {
  assert.deepEqual(errorsOf("registries:\n  - type: rivr\n    id: a\n"), [
    't.yaml:2:11: registries[0].type: unknown registry type "rivr"; did you mean "river"? [CONFIG_INVALID] (known: pond, river)',
  ]);
  assert.deepEqual(errorsOf("registries:\n  - id: a\n"), [
    "t.yaml:2:5: registries[0].type: is missing [CONFIG_INVALID] (known: pond, river)",
  ]);
});

test("wrong values say where they are and what was expected", () => {
  const cases: Record<string, string> = {
    "xds: {port: 99999}": "xds.port: expected at most 65535",
    "xds: {port: '16010'}": "xds.port: expected a number, got text",
    "xds: {port: 1.5}": "xds.port: expected an integer, got a number",
    "xds: []": "xds: expected a map of keys, got a list",
    "xds:": "xds: expected a map of keys; the key has no value: give it one or remove the key",
    "log: {level: wran}": 'log.level: expected one of debug, info, warn, error, got "wran"; did you mean "warn"?',
    "xds: {pacing: {ackTimeout: 5 min}}": "xds.pacing.ackTimeout: expected a duration such as 250ms, 30s, 5m or 1h",
    "xds: {pacing: {ackTimeout: 5}}": "xds.pacing.ackTimeout: expected a duration such as 250ms, 30s, 5m or 1h, got an integer",
    "xds: {pacing: {ackTimeout: 25d}}": "xds.pacing.ackTimeout: expected a duration of at most 24d",
    "mesh: {vipCidr: 241.0.0.0/99}": "mesh.vipCidr: expected an IPv4 range such as 241.0.0.0/8",
    "mesh: {exportTo: []}": "mesh.exportTo: expected at least 1 entry",
    "mesh: {namespace: ''}": "mesh.namespace: expected a text that is not empty",
    "mesh: {servicePorts: {http: no}}": "mesh.servicePorts.http: expected a number, got text",
  };
  for (const [text, message] of Object.entries(cases)) {
    const [first, ...more] = errorsOf(`${river}${text}\n`);
    assert.deepEqual(more, [], text);
    assert.match(first!, /^t\.yaml:3:\d+: /, text);
    assert.equal(first!.replace(/^t\.yaml:3:\d+: /, "").replace(/ \[CONFIG_INVALID\]$/, ""), message);
  }
});

test("a missing key is told at its registry", () => {
  assert.deepEqual(errorsOf("registries:\n  - type: river\n    id: a\n"), [
    "t.yaml:2:5: registries[0].path: is missing; expected text [CONFIG_INVALID]",
  ]);
});

test("all problems are told at once, in the order of the file", () => {
  const text = [
    "registries:",
    "  - {type: river, id: A_B, path: 7}",
    "  - {type: pond, id: b, servers: []}",
    "  - {type: pond, id: b, servers: ['${env:MISSING}']}",
    "xds: {address: 0.0.0.0}",
    "lgo: {}",
  ].join("\n");
  const told = errorsOf(text).map((line) => line.replace(/^t\.yaml:(\d+):\d+: .*\[(\w+)\].*$/s, "$1 $2"));
  assert.deepEqual(told, [
    "2 CONFIG_INVALID",
    "2 CONFIG_INVALID",
    "3 CONFIG_INVALID",
    "4 CONFIG_DUPLICATE_ID",
    "4 CONFIG_SECRET",
    "5 BIND_UNSAFE",
    "6 CONFIG_INVALID",
  ]);
});

test("two registries of one id name each other", () => {
  assert.deepEqual(errorsOf("registries:\n  - {type: river, id: a, path: x}\n  - {type: river, id: a, path: y}\n"), [
    "t.yaml:3:23: registries[1].id: registries[0] in line 2 has the same id [CONFIG_DUPLICATE_ID]",
  ]);
});

test("xDS binds to loopback only, metrics to anything", () => {
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1"]) {
    assert.equal(parse(`${river}xds: {address: "${address}"}\n`).config.xds.address, address);
  }
  for (const address of ["0.0.0.0", "::", "10.0.0.1", "localhost.example.com", "::ffff:10.0.0.1", "127.1"]) {
    assert.match(errorsOf(`${river}xds: {address: "${address}"}\n`).join(), /^t\.yaml:3:16: xds.address: .*\[BIND_UNSAFE\]/, address);
  }
  assert.equal(parse(`${river}metrics: {address: 0.0.0.0}\n`).config.metrics.address, "0.0.0.0");
});

test("with tls, xDS and admin may listen anywhere; its files count from the configuration's folder", () => {
  const tls = "tls: {certificate: c.pem, key: /k.pem, clientCa: ../ca.pem, allow: [a.example.com]}";
  const { xds, admin } = parse(`${river}xds: {address: 0.0.0.0, ${tls}}\nadmin: {address: "::", ${tls}}\n`).config;
  const expected = { certificate: resolve("c.pem"), key: "/k.pem", clientCa: resolve("../ca.pem"), allow: ["a.example.com"] };
  assert.deepEqual([xds.tls, admin.tls], [expected, expected]);
  assert.match(
    errorsOf(`${river}admin: {address: 10.0.0.1}\n`).join(),
    /^t\.yaml:3:18: admin\.address: .* where admin\.tls is needed \[BIND_UNSAFE\]/,
  );
  assert.match(errorsOf(`${river}xds: {address: 0.0.0.0, tls: {}}\n`).join(), /xds\.tls\.allow: is missing/);
});

test("one port for two listeners is refused unless their addresses differ", () => {
  assert.match(errorsOf(`${river}metrics: {port: 16010}\n`)[0]!, /metrics.port: xds.port is 16010 too/);
  assert.match(errorsOf(`${river}metrics: {port: 16010, address: 0.0.0.0}\n`)[0]!, /metrics.port: xds.port is 16010 too/);
  assert.equal(parse(`${river}metrics: {port: 16010, address: 10.0.0.1}\n`).config.metrics.port, 16010);
  assert.match(errorsOf(`${river}xds: {address: localhost, port: 16021}\n`).join(), /^t\.yaml:3:\d+: xds\.port: admin\.port is 16021 too/);
});

test("the ports of shards meet no other, and end where ports end", () => {
  assert.equal(parse(`${river}xds: {shards: 10}\n`).config.xds.shards, 10);
  assert.deepEqual(errorsOf(`${river}xds: {shards: 11}\n`), [
    "t.yaml:3:15: xds.shards: 11 ports from 16010 hold metrics.port 16020; expected fewer, or another xds.port [CONFIG_INVALID]",
  ]);
  assert.deepEqual(errorsOf(`${river}xds: {shards: 4}\nmetrics: {port: 16013}\n`), [
    "t.yaml:4:17: metrics.port: xds.port 16010 with 4 xds.shards takes 16013 too; expected another port [CONFIG_INVALID]",
  ]);
  assert.match(
    errorsOf(`${river}xds: {port: 65535, shards: 2}\n`).join(),
    /xds\.shards: 2 ports from 65535 end at 65536; the last port is 65535/,
  );
});

test("what is not YAML is told with its position, every place of it", () => {
  assert.match(errorsOf("registries: [\n").join(), /^t\.yaml:2:1: .*\[CONFIG_SYNTAX\]/);
  assert.deepEqual(errorsOf("xds: {}\nxds: {}\nlog: {}\nlog: {}\n"), [
    't.yaml:2:1: the key "xds" is given twice [CONFIG_SYNTAX] (first in line 1)',
    't.yaml:4:1: the key "log" is given twice [CONFIG_SYNTAX] (first in line 3)',
  ]);
  assert.match(errorsOf("a: !strange x\n").join(), /CONFIG_SYNTAX/);
  assert.match(errorsOf("a: 1\n---\nb: 2\n").join(), /CONFIG_SYNTAX/);
  assert.match(errorsOf("a: *nothing\n").join(), /CONFIG_SYNTAX/);
  assert.match(errorsOf("").join(), /^t\.yaml:1:1: the file is empty/);
  assert.match(errorsOf("# nothing yet\n").join(), /the file is empty/);
});

test("YAML 1.2: words such as no and on are text, merge keys are unknown keys", () => {
  assert.equal(parse("registries:\n  - {type: river, id: no, path: on}\n").config.registries[0]?.id, "no");
  assert.match(errorsOf(`${river}<<: {log: {}}\n`).join(), /unknown key <</);
});

test("an alias stands for its anchor's value", () => {
  const { config } = parse(
    "registries:\n  - {type: river, id: a, path: &p x, naming: &n {suffix: s}}\n  - {type: river, id: b, path: *p, naming: *n}\n",
  );
  assert.equal(config.registries[1]?.path, "x");
  assert.equal(config.registries[1]?.naming.suffix, "s");
});

test("an alias means the anchor before it, also after an anchor within it came again", () => {
  const { config } = parse(
    [
      "registries:",
      "  - &t {type: river, id: a, path: &n one}",
      "  - {type: river, id: b, path: &n two, naming: {suffix: *n}}",
      "  - {type: river, id: c, path: *n}",
    ].join("\n"),
  );
  assert.deepEqual(
    config.registries.map(({ path }) => path),
    ["one", "two", "two"],
  );
  assert.equal(config.registries[1]?.naming.suffix, "two");
  const lists = parse(
    "registries:\n  - {type: pond, id: a, servers: &s [&n one]}\n  - {type: pond, id: b, servers: [&n two]}\n  - {type: pond, id: c, servers: *s}\n  - {type: pond, id: d, servers: [*n]}\n",
  );
  assert.deepEqual(
    lists.config.registries.map(({ servers }) => servers),
    [["one"], ["two"], ["one"], ["two"]],
  );
});

test("hostile text is refused quickly", () => {
  const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 12; i++)
    bomb.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  assert.match(errorsOf(bomb.join("\n")).join(), /more than 200000 values/);
  assert.match(errorsOf("a: &a [*a]\n").join(), /CONFIG_SYNTAX/);
  assert.match(errorsOf(`a: [&a x${", *a".repeat(50_000)}]\n`).join(), /unknown key a/);
  assert.match(errorsOf("[".repeat(100_000)).join(), /CONFIG_SYNTAX/);
  assert.match(errorsOf(`a: ${"[".repeat(100)}${"]".repeat(100)}`).join(), /nested more than 64 deep/);
  assert.match(errorsOf("#".repeat(maxConfigBytes + 1)).join(), /CONFIG_UNREADABLE/);
  assert.match(errorsOf(`${river}__proto__: {log: {}}\n`).join(), /unknown key __proto__/);
  assert.match(errorsOf(`${river}constructor: 1\n`).join(), /unknown key constructor/);
  assert.equal(errorsOf(Array.from({ length: 5_000 }, (_, i) => `k${i}: 1`).join("\n")).length, 100);
});

test("any text is either accepted or refused with positions", () => {
  const words = fc.constantFrom(
    "registries",
    "xds",
    "- ",
    ": ",
    "\n",
    "  ",
    "{",
    "}",
    "[",
    "]",
    "type",
    "river",
    "&a",
    "*a",
    "!x",
    "${env:A}",
    "${",
    "'",
    '"',
    "|",
    "\t",
    "0",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.array(words).map((parts) => parts.join("")),
      ),
      (text) => {
        try {
          parse(text);
        } catch (error) {
          assert.ok(error instanceof ConfigErrors, String((error as Error).stack));
          for (const { position } of error.errors) assert.ok(position !== undefined && (position.line ?? 0) >= 1);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

test("a file that cannot be read is an error with its reason", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "config-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const load = (name: string) => () => loadConfig(join(folder, name), { kinds: testKinds });
  assert.throws(load("absent.yaml"), /absent\.yaml: cannot read the configuration: it does not exist \[CONFIG_UNREADABLE\]/);
  assert.throws(load("."), /it is a directory \[CONFIG_UNREADABLE\]/);
  writeFileSync(join(folder, "latin1.yaml"), Buffer.from([0x61, 0xe9]));
  assert.throws(load("latin1.yaml"), /it is not UTF-8 text \[CONFIG_UNREADABLE\]/);
  writeFileSync(join(folder, "big.yaml"), Buffer.alloc(maxConfigBytes + 1, "#"));
  assert.throws(load("big.yaml"), /it is larger than 1048576 bytes \[CONFIG_UNREADABLE\]/);
  writeFileSync(join(folder, "good.yaml"), `\ufeff${river}`);
  assert.equal(load("good.yaml")().config.registries.length, 1);
});

test("the position of a setting can be asked for", () => {
  const loaded = parse(`${river}xds:\n  port: 16011\n`);
  assert.deepEqual(loaded.positionOf(["xds", "port"]), { file: "t.yaml", line: 4, column: 9 });
  assert.deepEqual(loaded.positionOf(["registries", 0, "path"]), { file: "t.yaml", line: 2, column: 32 });
  assert.deepEqual(loaded.positionOf(["xds", "address"]), { file: "t.yaml", line: 4, column: 3 });
});

test("a path of a registry counts from the configuration's folder", () => {
  const bed = (path: string) =>
    parseConfig(`registries:\n  - {type: river, id: a, path: x, bed: ${path}}\n`, { file: "/etc/t/t.yaml", kinds: testKinds }).config
      .registries[0];
  assert.equal(bed("sub/stones")?.bed, "/etc/t/sub/stones");
  assert.equal(bed("/srv")?.bed, "/srv");
  assert.equal(bed("/srv")?.path, "x");
  assert.equal("bed" in parse(river).config.registries[0]!, false);
  assert.deepEqual(bed("x, banks: {left: sub/meadow}")?.banks, { left: "/etc/t/sub/meadow" });
  assert.deepEqual(bed("x, banks: {}")?.banks, {});
});

test("further rules are asked once the form is right, and told with positions", () => {
  const options = {
    file: "t.yaml",
    kinds: testKinds,
    rules: [
      (config: LoadedConfig["config"], positionOf: LoadedConfig["positionOf"]) =>
        config.mesh.namespace === "x"
          ? [new TributaryError("CONFIG_INVALID", "no x", { position: positionOf(["mesh", "namespace"]) })]
          : [],
    ],
  };
  assert.throws(() => parseConfig(`${river}mesh: {namespace: x}\n`, options), /^ConfigErrors: t\.yaml:3:19: no x \[CONFIG_INVALID\]$/);
  assert.equal(parseConfig(river, options).config.mesh.namespace, "tributary");
});

test("no kind takes a key away that every registry has", () => {
  const taken = kinds.flatMap(({ id, schema }) =>
    Object.keys(schema.shape)
      .filter((key) => key in commonRegistryShape)
      .map((key) => `${id}: ${key}`),
  );
  assert.deepEqual(taken, []);
});
