/**
 * The way of the data is one direction: a room imports only itself, rooms to its left, and
 * generated code. See `docs/architecture.md`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Import, readImports, roomOf, type SourceFile, sourceFiles } from "./source-file.ts";

const rooms = [
  "errors",
  "log",
  "config",
  "access",
  "registries",
  "clusters",
  "register",
  "last-known-good",
  "additions",
  "naming",
  "catalog",
  "mesh",
  "snapshot",
  "xds",
  "read-back",
  "admin",
  "runtime",
  "manifests",
  "cli",
];

/** Types that a room shares with one to its right; nothing of them exists at run time. */
const sharedTypes: Readonly<Record<string, readonly string[]>> = {
  log: ["config/schema.ts"],
  config: ["registries/contract.ts", "registries/service.ts", "clusters/credential.ts"],
  registries: ["clusters/credential.ts", "clusters/offer.ts"],
};

/** Client libraries and who may hold them: a second place would be a second owner of connections. */
const libraries: Readonly<Record<string, readonly string[]>> = {
  // Writes in tests and benchmarks.
  "node-zookeeper-client": [],
  nacos: ["registries/nacos/http/"],
  "@grpc/grpc-js": ["xds/", "cli/", "registries/nacos/grpc/"],
  "@connectrpc/connect": ["admin/", "cli/"],
  "@connectrpc/connect-node": ["admin/", "cli/"],
  "prom-client": ["admin/"],
  commander: ["cli/"],
  pino: ["log/"],
};

const files = sourceFiles();

/** Folders of the registries that hold kinds; others hold what every kind is given. */
const kindFolders = new Set(files.flatMap(({ path }) => /^(registries\/[^/]+\/)(.+\/)?kind\.ts$/.exec(path)?.[1] ?? []));

test("there is something to check, and imports are found in it", () => {
  assert.ok(files.length > 50, `only ${files.length} files`);
  assert.ok(files.flatMap(({ imports }) => imports).length > files.length);
  assert.deepEqual(readImports("a/b.ts", 'import { x } from "../c/d.ts";\nimport type { Y } from "zod";\nawait import("./e.ts");'), [
    { target: "c/d.ts", typeOnly: false },
    { target: "zod", typeOnly: true },
    { target: "a/e.ts", typeOnly: false },
  ]);
});

test("every folder of src is a known room", () => {
  const unknown = new Set(files.map(({ room }) => room).filter((room) => !rooms.includes(room)));
  assert.deepEqual([...unknown], []);
});

test("no room imports one to its right", () => {
  assert.deepEqual(violations(isAgainstTheArrows), []);
});

test("only registries/kinds.ts knows the registry kinds, and no kind knows another", () => {
  assert.ok(kindFolders.size >= 2);
  assert.deepEqual(violations(isIntoAnotherKind), []);
});

test("libraries are held where they belong", () => {
  assert.deepEqual(
    violations(({ path }, { target }) => libraries[target] !== undefined && !libraries[target].some((place) => path.startsWith(place))),
    [],
  );
});

test("files do not import each other in circles", () => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(" → "));
    if (finished.has(path) || way.includes(path)) return;
    for (const { target, typeOnly } of byPath.get(path)?.imports ?? []) if (!typeOnly) visit(target, [...way, path]);
    finished.add(path);
  };
  for (const { path } of files) visit(path, []);
  assert.deepEqual(circles, []);
});

test("what runs in a worker loads neither zod nor the command line, nor gRPC unless it speaks it", () => {
  const sessions = files.map(({ path }) => path).filter((path) => /^registries\/.+\/session\.ts$/.test(path));
  assert.ok(sessions.length >= 2);
  const speaksGrpc = "registries/nacos/session.ts";
  const inClusters = files.map(({ path }) => path).filter((path) => /^clusters\/.+-session\.ts$/.test(path));
  for (const entry of ["registries/supervision/worker/worker-entry.ts", "read-back/worker-entry.ts", ...sessions, ...inClusters]) {
    const heavy = ["zod", "commander", "prom-client", "pino", ...(entry === speaksGrpc ? [] : ["@grpc/grpc-js"])];
    const loaded = [...closure(entry)].filter((target) => heavy.includes(target));
    assert.deepEqual(
      loaded,
      [],
      `${entry} loads it, through one of ${[...closure(entry)].filter((target) => target.endsWith(".ts")).join(", ")}`,
    );
  }
});

function violations(isWrong: (file: SourceFile, imported: Import) => boolean): string[] {
  return files.flatMap((file) =>
    file.imports.filter((imported) => isWrong(file, imported)).map(({ target }) => `${file.path} → ${target}`),
  );
}

function isAgainstTheArrows({ room }: SourceFile, { target, typeOnly }: Import): boolean {
  if (!target.endsWith(".ts") || roomOf(target) === "gen") return false;
  if (typeOnly && sharedTypes[room]?.includes(target)) return false;
  return rooms.indexOf(roomOf(target)) > rooms.indexOf(room) || !rooms.includes(roomOf(target));
}

function isIntoAnotherKind({ path }: SourceFile, { target }: Import): boolean {
  const folder = /^registries\/[^/]+\//.exec(target)?.[0];
  // Clusters are found and probed, and pods registered, through the connections that their kinds have.
  if (/^(clusters|register)\//.test(path) && /^registries\/kubernetes\/(connection|reflector)\//.test(target)) return false;
  return folder !== undefined && kindFolders.has(folder) && path !== "registries/kinds.ts" && !path.startsWith(folder);
}

/** Everything that is loaded with this file. */
function closure(entry: string): Set<string> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const loaded = new Set<string>();
  const load = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const { target, typeOnly } of byPath.get(path)?.imports ?? []) if (!typeOnly) load(target);
  };
  load(entry);
  return loaded;
}
