/** Registries of a running process: added, changed and removed by the admin API. */
import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadConfig } from "../../../src/config/load.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import { configOptions } from "../../../src/runtime/config-options.ts";
import { apiRig, httpService } from "../../support/api-rig.ts";

const excerpt = (...registries: object[]) => JSON.stringify({ registries });
const file = (id: string, more: object = {}) => ({ id, type: "file", path: `./${id}.json`, confirm: "10ms", poll: "50ms", ...more });

async function rig(t: TestContext) {
  const lines: { fields: Record<string, unknown>; message: string }[] = [];
  const log = { ...silentLogger, info: (fields: object, message: string) => lines.push({ fields: { ...fields }, message }) };
  const api = await apiRig(t, { services: { files: [httpService("orders", ["10.0.0.1"])] }, log: log as typeof silentLogger });
  const { pipeline, folder, call } = api;
  folder.write("more.json", JSON.stringify({ services: [httpService("carts", ["10.0.0.2"]), httpService("items", ["10.0.0.3"])] }));
  const registries = (method: string, body: object = {}) => call(`RegistriesService/${method}`, body);
  const hosts = () => Array.from(pipeline.store.current().table("networking.istio.io/ServiceEntry").entries(), ({ name }) => name);
  /** Resolves as soon as it holds, looking after every publication and status. */
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (!holds()) return;
        clearInterval(look);
        resolve();
      }, 5);
      t.after(() => clearInterval(look));
    });
  return { ...api, registries, hosts, until, lines };
}

test("a registry that is added is served beside the file's, and whose each is, is told", async (t) => {
  const { registries, hosts, until, lines, pipeline } = await rig(t);
  const before = pipeline.supervisor.status("files");
  const answer = await registries("SetRegistries", { config: excerpt(file("more")) });
  assert.deepEqual(answer.added, ["more"]);
  assert.match(answer.notes[0], /on this replica only/);
  assert.match(answer.notKept, /lastKnownGood\.folder is not set/);
  await until(() => hosts().length === 3);
  assert.deepEqual(pipeline.supervisor.status("files"), before, "the others' workers are left alone");
  const { registries: all } = await registries("ListRegistries");
  assert.deepEqual(
    all.map(({ id, type, owner }: { id: string; type: string; owner: { position?: string } }) => [id, type, owner.position !== undefined]),
    [
      ["files", "file", true],
      ["more", "file", false],
    ],
  );
  const { config, phases } = await registries("GetRegistry", { id: "more" });
  assert.match(config, /^registries:\n {2}- id: more\n/);
  assert.deepEqual(phases, ["live"]);
  const { fields, message } = lines.at(-1) ?? { fields: {} as Record<string, unknown>, message: "" };
  assert.deepEqual([message, fields.added], ["changed by the admin API, on this replica only", ["more"]]);
  assert.match(String(fields.by), /^127\.0\.0\.1:\d+$/);
});

test("one that is removed is withdrawn at once and in one push, also while it cannot be read", async (t) => {
  const { registries, hosts, until, pipeline, folder } = await rig(t);
  await registries("SetRegistries", { config: excerpt(file("more")) });
  await until(() => hosts().length === 3);
  renameSync(join(folder.path, "more.json"), join(folder.path, "gone.json"));
  await until(() => pipeline.supervisor.status("more")?.phase === "stale");
  const seen: number[] = [];
  pipeline.onPublished(() => seen.push(hosts().length));
  assert.deepEqual((await registries("RemoveRegistry", { id: "more" })).removed, ["more"]);
  await until(() => hosts().length === 1);
  assert.deepEqual([seen, pipeline.supervisor.status("more")], [[1], undefined]);
  assert.equal((await registries("RemoveRegistry", { id: "more" })).code, "not_found");
});

test("a changed one takes over its settings, all or nothing; the same again is no change", async (t) => {
  const { registries, hosts, until, live } = await rig(t);
  await registries("SetRegistries", { config: excerpt(file("more")) });
  await until(() => hosts().length === 3);
  const renamed = excerpt(file("more", { naming: { namespace: "shop" } }));
  assert.deepEqual((await registries("SetRegistries", { config: renamed })).changed, ["more"]);
  await until(() => hosts().includes("shop/carts.file"));
  assert.deepEqual((await registries("SetRegistries", { config: renamed })).unchanged, ["more"]);
  const halfBad = excerpt(file("third"), { id: "fourth", type: "pond" });
  assert.equal((await registries("SetRegistries", { config: halfBad })).code, "invalid_argument");
  assert.deepEqual(
    live.added.registries.configs.map(({ id }) => id),
    ["more"],
  );
});

test("what is wrong with it is told as for the file, with positions", async (t) => {
  const { registries } = await rig(t);
  const told = async (config: string) => {
    const { code, message } = await registries("SetRegistries", { config, fileName: "new.yaml" });
    return `${code} ${message}`;
  };
  assert.match(
    await told("registries:\n- id: a\n  type: file\n  pth: ./x\n"),
    /^invalid_argument new\.yaml:[\s\S]*new\.yaml:4:3: unknown key registries\[0\]\.pth; did you mean "path"/,
  );
  assert.match(await told("registries: [1"), /new\.yaml:1:\d+: .*CONFIG_SYNTAX/);
  assert.match(await told(""), /CONFIG_INVALID/);
  assert.match(await told(`${excerpt(file("a")).slice(0, -1)},"mesh":{}}`), /unknown key mesh/);
  assert.match(await told(excerpt(file("a"), file("a"))), /CONFIG_DUPLICATE_ID/);
  assert.match(await told(excerpt(file("a", { naming: { template: "{nome}" } }))), /registries\[0\]\.naming/);
  assert.match(await told(excerpt({ id: "k", type: "kubernetes" })), /reads from Kubernetes clusters, and none is configured/);
  assert.match(await told("x".repeat(70_000)), /longer than 65536 characters/);
  const plain = { id: "n", type: "eureka", servers: "http://e:8761", auth: { username: "u", password: "hunter2" } };
  const secret = await told(excerpt(plain));
  assert.match(secret, /auth\.password: expected a reference/);
  const inAddress = await told(excerpt({ id: "n", type: "eureka", servers: ["http://e:8761", "http://u:hunter2@e:8762"] }));
  assert.match(inAddress, /servers\[1\]: expected a reference/);
  assert.doesNotMatch(secret + inAddress, /hunter2/);
});

test("the file's registries are its own: neither changed nor removed here, and one that it takes is its own from then on", async (t) => {
  const { registries, folder, live, hosts, until, pipeline, loaded } = await rig(t);
  const taken = await registries("SetRegistries", { config: excerpt(file("files")) });
  assert.match(
    `${taken.code} ${taken.message}`,
    /^already_exists registry files is the configuration's \(.*tributary\.yaml:1:\d+\): change it there/,
  );
  assert.equal((await registries("RemoveRegistry", { id: "files" })).code, "already_exists");
  await registries("SetRegistries", { config: excerpt(file("more")) });
  const twice = await registries("SetRegistries", { config: excerpt(file("more")), onlyNew: true });
  assert.match(`${twice.code} ${twice.message}`, /^already_exists registry more was added by 127\.0\.0\.1:\d+ at .*; `set` changes it/);
  await until(() => hosts().length === 3);
  const { since } = pipeline.supervisor.status("more") ?? {};
  folder.write("tributary.yaml", JSON.stringify({ registries: [...loaded.config.registries.map(({ id }) => file(id)), file("more")] }));
  live.fileChanged(loadConfig(loaded.file, configOptions));
  assert.equal(live.added.registries.size, 0);
  assert.equal(pipeline.supervisor.status("more")?.since, since, "written alike, it goes on");
});

test("references are resolved here, told as they are written, and followed", async (t) => {
  const { registries, folder, live, until, hosts } = await rig(t);
  folder.write("place", "one");
  const config = excerpt(file("more", { naming: { namespace: "${file:./place}" } }));
  assert.deepEqual((await registries("SetRegistries", { config })).added, ["more"]);
  await until(() => hosts().includes("one/carts.file"));
  assert.match((await registries("GetRegistry", { id: "more" })).config, /namespace: \$\{file:\.\/place\}/);
  assert.deepEqual(
    live.loaded.secrets.map(({ value }) => value),
    ["one"],
  );
  folder.write("place", "two");
  await until(() => hosts().includes("two/carts.file"));
  const missing = await registries("SetRegistries", { config: excerpt(file("other", { network: "${env:TRIBUTARY_NOT_SET}" })) });
  assert.match(missing.message, /TRIBUTARY_NOT_SET is not set/);
});

test("nothing is changed by GET, nor by a page of a browser", async (t) => {
  const { get, port, live } = await rig(t);
  const message = encodeURIComponent(JSON.stringify({ config: excerpt(file("more")) }));
  const path = "/tributary.admin.v1.RegistriesService/SetRegistries";
  assert.equal((await get(`${path}?encoding=json&message=${message}`)).status, 405);
  const foreign = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: "http://evil.example.com" },
    body: JSON.stringify({ config: excerpt(file("more")) }),
  });
  assert.equal(foreign.status, 403);
  assert.equal(live.added.registries.size, 0);
});
