import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { stringify } from "yaml";
import { type FileFormat, parseFile } from "../../../src/registries/file/parse-file.ts";
import { BadFile } from "../../../src/registries/file/source-document.ts";
import type { Fact, IstioResource, Service } from "../../../src/registries/service.ts";

function parse(text: string, file = "f.yaml", format: FileFormat = "auto") {
  const { items, problems, unreadable } = parseFile(file, text, format);
  return {
    services: items.flatMap(({ item }) => (item.kind === "service" ? [item.service] : [])) as Service[],
    resources: items.flatMap(({ item }) => (item.kind === "resource" ? [item.resource] : [])) as IstioResource[],
    facts: items.flatMap(({ item }) => (item.kind === "fact" ? [item.fact] : [])) as Fact[],
    places: items.map(({ place }) => place),
    problems: problems.map(({ code, where, message }) => `${where} ${code}: ${message}`),
    unreadable,
  };
}

const full = `
services:
  - name: shop
    namespace: team
    group: blue
    version: "1.2"
    hosts: [Shop.static.file]
    ports:
      - { name: web, number: 8080, protocol: HTTP }
    instances:
      - address: 10.0.0.1
        id: one
        ports: [{ name: web, number: 9090 }]
        weight: 2.5
        health: disabled
        labels: { app: shop, replica: 3 }
        locality: r/z/s
        network: n
        serviceAccount: sa
      - address: 2001:db8::1
      - address: shop.example.com
    annotations: { owner: us }
facts:
  - { subject: node, name: n1, locality: r/z, sidecar: false, calls: [{ name: shop, group: blue }] }
`;

test("every key of the services format is read", () => {
  const { services, facts, problems } = parse(full);
  assert.deepEqual(problems, []);
  assert.deepEqual(services, [
    {
      key: { namespace: "team", group: "blue", name: "shop", version: "1.2" },
      hosts: ["shop.static.file"],
      ports: [{ name: "web", number: 8080, protocol: "http" }],
      instances: [
        {
          id: "one",
          address: "10.0.0.1",
          ports: [{ name: "web", number: 9090, protocol: "http" }],
          weight: 2.5,
          health: "disabled",
          labels: { app: "shop", replica: "3" },
          locality: { region: "r", zone: "z", subzone: "s" },
          network: "n",
          serviceAccount: "sa",
        },
        { id: "2001:db8::1", address: "2001:db8::1", ports: [] },
        { id: "shop.example.com", address: "shop.example.com", ports: [] },
      ],
      annotations: { owner: "us" },
    },
  ]);
  assert.deepEqual(facts, [
    { subject: "node", name: "n1", locality: { region: "r", zone: "z" }, sidecar: false, calls: [{ group: "blue", name: "shop" }] },
  ]);
});

test("JSON and YAML give the same", () => {
  const yaml = parse(full);
  const json = parse(JSON.stringify({ services: yaml.services.map(asWritten), facts: [] }), "f.json");
  assert.deepEqual(json.problems, []);
  assert.deepEqual(json.services, yaml.services);
});

/** A service as it stands in a file. */
function asWritten({ key, instances, ...rest }: Service) {
  const written = instances.map(({ locality, ...instance }) => ({
    ...instance,
    ...(locality && { locality: Object.values(locality).join("/") }),
  }));
  return { ...key, ...rest, instances: written };
}

const service = (instances: string) => `services:\n  - name: s\n    instances:\n${instances}`;
const good = "      - { address: 10.0.0.1, ports: [{ number: 1 }] }\n";

const badInstances: readonly [name: string, instance: string, problem: RegExp][] = [
  ["no address", "{ ports: [{ number: 1 }] }", /^f.yaml:5:9 bad-address: .*needs an address/],
  ["an address that is none", '{ address: "a b", ports: [{ number: 1 }] }', /^f.yaml:5:20 bad-address: "a b"/],
  ["half an IPv4 address", '{ address: "10.0.0", ports: [{ number: 1 }] }', /bad-address/],
  ["an IPv6 zone", '{ address: "fe80::1%eth0", ports: [{ number: 1 }] }', /bad-address/],
  ["a port of 0", "{ address: 10.0.0.2, ports: [{ number: 0 }] }", /^f.yaml:5:48 bad-port: .*not 0/],
  ["a port too high", "{ address: 10.0.0.2, ports: [{ number: 65536 }] }", /bad-port/],
  ["a port that is a text", '{ address: 10.0.0.2, ports: [{ number: "80" }] }', /bad-port/],
  ["no port anywhere", "{ address: 10.0.0.2 }", /bad-port: neither this instance nor its service/],
  ["a number for an id", "{ address: 10.0.0.2, id: 7, ports: [{ number: 1 }] }", /bad-value: id .*put it in quotes/],
  ["the id of another", "{ address: 10.0.0.1, ports: [{ number: 1 }] }", /duplicate-instance/],
  ["no mapping", "[]", /bad-value: an instance must be a mapping, not a list/],
];
for (const [name, instance, problem] of badInstances) {
  test(`an instance with ${name} costs itself`, () => {
    const { services, problems } = parse(service(`${good}      - ${instance}\n`));
    assert.deepEqual(
      services[0]?.instances.map(({ address }) => address),
      ["10.0.0.1"],
    );
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", problem);
  });
}

const badParts: readonly [name: string, part: string, problem: RegExp][] = [
  ["weight", "weight: -1", /at least 0/],
  ["health", "health: fine", /one of healthy, unhealthy, disabled/],
  ["locality", "locality: a/b/c/d", /region\/zone\/subzone/],
  ["label", "labels: { a: [1] }", /labels: a must be a text/],
  ["key", "wieght: 3", /unknown-key: an instance has no key "wieght"/],
];
for (const [name, part, problem] of badParts) {
  test(`a bad ${name} costs only itself`, () => {
    const { services, problems } = parse(service(`      - { address: 10.0.0.1, ports: [{ number: 1 }], ${part} }\n`));
    assert.deepEqual(services[0]?.instances, [{ id: "10.0.0.1:1", address: "10.0.0.1", ports: [{ number: 1, protocol: "tcp" }] }]);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", problem);
  });
}

test("an unknown key of a port costs neither its instance nor its service", () => {
  const port = "{ number: 80, protocol: http, nmae: web }";
  const { services, problems, unreadable } = parse(
    `services:\n  - { name: s, instances: [{ address: 10.0.0.1, ports: [${port}] }] }\n  - { name: t, ports: [${port}] }\n`,
  );
  assert.deepEqual(unreadable, []);
  assert.deepEqual(services[0]?.instances[0]?.ports, [{ number: 80, protocol: "http" }]);
  assert.deepEqual(services[1]?.ports, [{ number: 80, protocol: "http" }]);
  assert.equal(problems.length, 2);
  for (const problem of problems) assert.match(problem, /unknown-key: a port has no key "nmae"/);
});

test("a service whose ports cannot be read keeps its last state", () => {
  const { services, unreadable } = parse("services:\n  - { name: s, ports: [{ number: none }] }\n  - { name: t }\n");
  assert.deepEqual(
    services.map(({ key }) => key.name),
    ["t"],
  );
  assert.deepEqual(unreadable, ["service/||s|"]);
});

test("a service without a legible name costs itself", () => {
  const { services, problems } = parse("services:\n  - { name: 5 }\n  - {}\n  - { name: t, version: 1.0 }\n  - { name: u }\n");
  assert.deepEqual(
    services.map(({ key }) => key.name),
    ["u"],
  );
  assert.equal(problems.length, 3);
});

test("a problem in JSON has its line and column too", () => {
  const { problems } = parse('{\n  "services": [\n    { "name": "s", "instances": [{ "address": 5 }] }\n  ]\n}', "f.json");
  assert.match(problems[0] ?? "", /^f.json:3:47 bad-value/);
});

const object = (kind: string, name: string, more = "") =>
  `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: { name: ${name}${more} }\nspec: { hosts: [a.b] }\n`;

test("Istio objects are carried: several documents, and lists", () => {
  const list = `apiVersion: v1\nkind: List\nitems:\n${object("Sidecar", "c").replace(/^/gm, "    ").replace("    a", "  - a")}`;
  const { resources, problems } = parse([object("ServiceEntry", "a"), object("WorkloadEntry", "b", ", namespace: x"), list].join("---\n"));
  assert.deepEqual(problems, []);
  assert.deepEqual(
    resources.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name]),
    [
      ["ServiceEntry", "default", "a"],
      ["WorkloadEntry", "x", "b"],
      ["Sidecar", "default", "c"],
    ],
  );
  assert.deepEqual(resources[0]?.spec, { hosts: ["a.b"] });
});

test("an object of another kind, name or shape is a problem and costs itself", () => {
  const { resources, problems, unreadable } = parse(
    [
      object("VirtualService", "a"),
      object("ServiceEntry", "UPPER"),
      object("ServiceEntry", "ok"),
      "kind: ServiceEntry\n",
      object("Sidecar", "s").replace("{ hosts: [a.b] }", "[]"),
    ].join("---\n"),
  );
  assert.deepEqual(
    resources.map(({ metadata }) => metadata.name),
    ["ok"],
  );
  assert.deepEqual(
    problems.map((line) => line.split(" ").slice(0, 2).join(" ")),
    ["f.yaml:2:7 unknown-kind:", "f.yaml:8:19 bad-value:", "f.yaml:16:7 unknown-kind:", "f.yaml:21:7 bad-value:"],
  );
  assert.deepEqual(unreadable, ["resource/Sidecar/default/s"]);
});

const badFiles: readonly [name: string, text: string, where: RegExp, format?: FileFormat][] = [
  ["a broken bracket", "services: [\n", /^f.yaml:2:1$/],
  ["a key twice", "services: []\nservices: []\n", /^f.yaml:2:1$/],
  ["a text at its root", "hello", /^f.yaml:1:1$/],
  ["neither services nor objects", "name: x\n", /^f.yaml:1:1$/],
  ["services where objects are expected", "services: []\n", /^f.yaml:1:1$/, "istio"],
  ["objects where services are expected", object("Sidecar", "s"), /^f.yaml:1:1$/, "services"],
  ["a nesting without end", `services: ${"[".repeat(200_000)}`, /^f.yaml/],
  ["a bomb of aliases", bomb(), /^f.yaml/],
];
for (const [name, text, where, format] of badFiles) {
  test(`a file with ${name} is bad as a whole`, () => {
    assert.throws(
      () => parse(text, "f.yaml", format),
      (error) => error instanceof BadFile && where.test(error.where),
    );
  });
}

function bomb(): string {
  const levels = Array.from(
    { length: 12 },
    (_, at) =>
      `l${at}: &l${at} [${Array(12)
        .fill(at === 0 ? "x" : `*l${at - 1}`)
        .join(", ")}]`,
  );
  return `${levels.join("\n")}\nservices: *l11\n`;
}

test("an empty file holds nothing and is not bad", () => {
  for (const text of ["", "\n# nothing here\n", "---\n---\n"]) assert.deepEqual(parse(text).services, []);
});

test("the example is good", () => {
  const { services, problems } = parse(readFileSync(new URL("../../../examples/services.yaml", import.meta.url), "utf8"));
  assert.deepEqual(problems, []);
  assert.equal(services.length, 4);
});

/** Values that look like the formats, with anything at any place. */
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "medium" },
    fc.constantFrom<unknown>(null, "", 0, -1, 1e99, true, "x", "10.0.0.1", [], {}),
    fc.string(),
    fc.array(tie("value"), { maxLength: 4 }),
    tie("mapping"),
  ),
  mapping: fc.dictionary(
    fc.oneof(
      fc.constantFrom("services", "facts", "name", "instances", "ports", "number", "address", "labels", "locality", "kind", "items"),
      fc.constantFrom("apiVersion", "metadata", "spec", "hosts", "__proto__", "constructor"),
      fc.string(),
    ),
    tie("value"),
    { maxKeys: 5 },
  ),
}));

function neverThrowsOther(file: string, text: string): void {
  try {
    const { items, problems } = parseFile(file, text, "auto");
    for (const { item } of items) assert.deepEqual(JSON.parse(JSON.stringify(item)), item);
    for (const { where } of problems) assert.ok(where.startsWith(file));
  } catch (error) {
    assert.ok(error instanceof BadFile, String((error as Error).stack));
  }
}

test("any value is read, or is a problem, or makes a bad file", () => {
  fc.assert(
    fc.property(anything.mapping, fc.boolean(), (value, json) => {
      neverThrowsOther(json ? "f.json" : "f.yaml", json ? JSON.stringify(value) : stringify(value));
    }),
    { numRuns: 300 },
  );
});

test("any text is read, or makes a bad file", () => {
  const snippet = fc.constantFrom(
    "services:",
    "\n  - ",
    "name: ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!!x ",
    "<<: ",
    "\t",
    "---\n",
    "? ",
    "|\n",
    '"',
    ": ",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(snippet, fc.string())), (parts) => neverThrowsOther("f.yaml", parts.join(""))),
    { numRuns: 500 },
  );
});

test("a cut or garbled file never throws", () => {
  fc.assert(
    fc.property(fc.nat(full.length), fc.nat(full.length), fc.string({ maxLength: 3 }), (from, to, noise) => {
      neverThrowsOther("f.yaml", full.slice(0, from) + noise + full.slice(to));
    }),
    { numRuns: 300 },
  );
});
