/** Every example of `docs/protection.md`. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { parse } from "yaml";
import type { OperatorWord } from "../../../src/config/schema.ts";
import { protectionSchema } from "../../../src/config/sections/registry-schema.ts";
import { duration } from "../../../src/config/sections/values.ts";
import type { Item } from "../../../src/registries/service.ts";
import { CatalogRig, registryConfig, service } from "../../support/catalog-rig.ts";

interface Step {
  readonly registry?: "live" | "stale";
  readonly say?: "freeze" | "unfreeze" | "pause" | "resume" | "release";
  readonly after?: string;
  /** By service: endpoints by number, `1-3 5`. */
  readonly given?: Readonly<Record<string, string | number>>;
  readonly served: Readonly<Record<string, string | number>>;
  readonly state?: string;
}

interface Example extends Step {
  readonly protection?: object;
  readonly then: readonly Step[];
}

const words: Readonly<Record<string, OperatorWord>> = {
  freeze: { frozen: "by the page" },
  pause: { paused: "by the page" },
};

const page = readFileSync(new URL("../../../docs/protection.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/^### (.*)\n[^#]*?^```yaml\n([\s\S]*?)^```$/gm)];

function numbers(text: string): number[] {
  return text.split(" ").flatMap((part) => {
    const [from = 0, to = from] = part.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}

function endpoints(rig: CatalogRig, name: string): number[] | "gone" | "none" {
  const addresses = rig.addresses(`${name}.dubbo`)?.map((address) => Number(address.split(".")[3]));
  return addresses === undefined ? "gone" : addresses.length === 0 ? "none" : addresses.sort((one, other) => one - other);
}

function play(context: TestContext, { protection = {}, then, ...first }: Example): void {
  context.mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_800_000_000_000 });
  const config = registryConfig("zk", { protection: protectionSchema.parse(protection) });
  const rig = new CatalogRig(config);
  context.after(() => rig.catalog.close());
  const truth = new Map<string, Item>();
  let epoch = 0;
  let lastContact = Date.now();
  const status = (phase: "live" | "stale"): void => {
    if (phase === "stale") epoch += 1;
    else lastContact = Date.now();
    rig.status("zk", { phase, epoch, lastContact });
  };
  for (const [at, { registry, say, after, given = {}, served, state }] of [first, ...then].entries()) {
    if (say === "release") rig.catalog.release("zk");
    else if (say !== undefined) rig.catalog.setRegistries([{ ...config, operator: words[say] ?? {} }]);
    if (registry !== undefined) status(registry);
    if (after !== undefined) context.mock.timers.tick(duration.parse(after));
    for (const [name, said] of Object.entries(given)) {
      const item = service(name, said === "gone" ? [] : numbers(String(said)));
      if (said === "gone") rig.take("zk", item);
      else rig.put("zk", item);
      if (said === "gone") truth.delete(name);
      else truth.set(name, item);
    }
    if (at === 0) rig.list("zk", ...truth.values());
    if (at === 0) status("live");
    // As the worker does when it is asked.
    if (rig.relisted.splice(0).length > 0) rig.list("zk", ...truth.values());
    for (const [name, wanted] of Object.entries(served)) {
      const expected = wanted === "gone" || wanted === "none" ? wanted : numbers(String(wanted));
      assert.deepEqual(endpoints(rig, name), expected, `${name} in step ${at + 1}`);
    }
    if (state !== undefined) assert.equal(rig.catalog.reports()[0]?.protection.state, state, `step ${at + 1}`);
  }
}

test("there is an example of most rules", () => assert.ok(examples.length >= 8));

for (const [, title, yaml] of examples) test(`as the page says: ${title}`, (context) => play(context, parse(yaml ?? "") as Example));
