import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { clientsText } from "../../src/admin/text/clients-text.ts";
import { bytesText, columns, durationText, oneLine } from "../../src/admin/text/columns.ts";
import { diffText } from "../../src/admin/text/diff-text.ts";
import { whyText } from "../../src/admin/text/why-text.ts";
import { ClientsResponseSchema, DiffResponseSchema, WhyResponseSchema } from "../../src/gen/tributary/admin/v1/admin_pb.ts";

test("columns are aligned, numbers to the right, and no line ends in spaces", () => {
  assert.equal(
    columns([
      ["NAME", "COUNT", "REST"],
      ["a", "7", ""],
      ["longer", "1234567", "x"],
    ]),
    "NAME    COUNT    REST\na             7\nlonger  1234567  x\n",
  );
  assert.equal(columns([]), "");
});

test("measures are short", () => {
  assert.deepEqual([0, 999, 1_000, 19_600_000, 250_000_000].map(bytesText), ["0 B", "999 B", "1.0 kB", "19.6 MB", "250 MB"]);
  const [s, h] = [1_000, 3_600_000];
  assert.deepEqual([-1, 850, 12 * s, 190 * s, 2 * h, 2 * h + 300 * s, 99 * h].map(durationText), [
    "0 ms",
    "850 ms",
    "12 s",
    "3 min",
    "2 h",
    "2 h 5 min",
    "4 d 3 h",
  ]);
});

test("text of others stays on its line and cannot steer a terminal", () => {
  assert.equal(oneLine("a\u001b[2Jb\r\nc"), "a [2Jb c");
});

test("a client's row says what it has, and what is wrong", () => {
  const types = [
    { typeUrl: "g/v1/A", current: true, sentResources: 1, objects: 3, sentBytes: 2_000, sentVersion: "v" },
    { typeUrl: "g/v1/B", names: 2, unacknowledgedSeconds: 90, sentVersion: "v" },
    { typeUrl: "g/v1/C", rejection: "bad\nthing", sentVersion: "v" },
    { typeUrl: "g/v1/D", held: true },
  ];
  const text = clientsText(
    create(ClientsResponseSchema, { clients: [{ node: "istiod-0", peer: "p", kind: "istiod", protocol: "sotw", types }, { peer: "q" }] }),
    0,
  );
  const lines = text.split("\n").slice(1);
  for (const [at, said] of [
    /istiod-0 .* A +all +3 +2\.0 kB +has everything/,
    /^ +B +2 .*unacknowledged for 1 min/,
    / C .*refused the last push: bad thing/,
    / D .*waits for a complete view/,
    /^\(unnamed\) .*asked for nothing yet/,
  ].entries()) {
    assert.match(lines[at] ?? "", said);
  }
  assert.equal(clientsText(create(ClientsResponseSchema, {}), 0), "no client is connected\n");
});

test("many instances are counted instead of listed", () => {
  const instances = Array.from({ length: 25 }, (_, n) => ({
    address: `10.0.0.${n}`,
    ports: ["dubbo:1"],
    skipped: n === 0 ? ["bad-port"] : [],
  }));
  const explanation = {
    namespace: "ns",
    host: "h",
    summary: "Served.",
    contributions: [{ registry: "zk", registryType: "zookeeper", phase: "live", instances }],
  };
  const text = whyText(create(WhyResponseSchema, { explanation }), 0);
  assert.match(text, /^ns\/h\n\n {2}Served\.\n/);
  assert.match(text, /10\.0\.0\.0 .*left out: bad-port/);
  assert.match(text, /… 5 more/);
  assert.match(text, /no client asks for it/);
});

test("a registry that is not live says why, in its own words, or that it was not listed yet", () => {
  const kept = "not listed yet since the start; its last known state is served";
  for (const [phase, reason, shown] of [
    ["stale", kept, `    ${kept}\n`],
    ["starting", "", "    not listed yet since the start\n"],
  ] as const) {
    const explanation = { contributions: [{ registry: "zk", registryType: "zookeeper", phase, reason }] };
    const text = whyText(create(WhyResponseSchema, { explanation }), 0);
    assert.ok(text.includes(shown), text);
    assert.doesNotMatch(text, /out of reach/);
  }
});

test("a difference is told as a list with signs, and its end counts everything", () => {
  const text = diffText(
    create(DiffResponseSchema, {
      registries: [{ id: "zk", change: "changed", settings: ["servers"] }],
      needsRestart: ["xds.port"],
      counts: { unchanged: 7, renamed: 1, vipChanged: 1 },
      objects: [
        { kind: "ServiceEntry", name: "a/x", change: "renamed", renamedTo: "a/y", fields: [{ field: "vip", before: "1", after: "" }] },
      ],
      notes: ["registry zk would be read anew"],
    }),
  );
  assert.equal(
    text,
    `Configuration
  ~ registry zk  servers
  ! xds.port is read only at start: a reload would be refused, a restart takes it over

Served objects
  > a/x → a/y
      vip  1 → (none)

note: registry zk would be read anew

1 renamed, 7 unchanged (1 with another address)
`,
  );
  assert.equal(diffText(create(DiffResponseSchema, { equal: true })), "no difference\n");
});

test("what changed is counted also where it is not listed, and that it is not is said", () => {
  const object = (name: string) => ({
    kind: "ServiceEntry",
    name,
    change: "changed",
    fields: [{ field: "labels", before: "1", after: "2" }],
  });
  const text = diffText(
    create(DiffResponseSchema, { counts: { unchanged: 1, changed: 3, otherwiseChanged: 3 }, objects: [object("a/x")] }),
  );
  assert.match(text, /\n3 changed, 1 unchanged; not all are listed \(--limit\)\n$/);
});
