/**
 * What real Dubbo and Spring Cloud applications wrote at both levels, read by a session: `golden/<case>/in.json` holds
 * whole registries with the content of their nodes, `out.json` what is told of them. After a change that is meant,
 * `UPDATE_GOLDEN=1` writes the outputs anew.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import type { Service } from "../../../../../src/registries/service.ts";
import { open, startFake } from "../root-rig.ts";

const folder = join(import.meta.dirname, "golden");
const update = process.env.UPDATE_GOLDEN === "1";

interface Input {
  readonly about: string;
  /** By path, in the order in which parents precede. */
  readonly nodes: Readonly<Record<string, string>>;
}

function input(name: string): Input {
  return JSON.parse(readFileSync(join(folder, name, "in.json"), "utf8")) as Input;
}

/** What a session tells of these nodes. */
async function told(context: TestContext, nodes: Input["nodes"]): Promise<{ services: Service[]; problems: unknown[] }> {
  const fake = await startFake(context, true);
  for (const [path, content] of Object.entries(nodes)) {
    fake.nodes.ensure(path);
    fake.nodes.setData(path, Buffer.from(content));
  }
  const recorded = open(context, fake);
  await recorded.synced();
  const services = [...recorded.view].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, service]) => service);
  return { services, problems: recorded.problems };
}

suite("golden applications", { concurrency: true }, () => {
  for (const name of readdirSync(folder).sort()) {
    const { about, nodes } = input(name);
    test(`${name}: ${about}`, async (context) => {
      const text = `${JSON.stringify(await told(context, nodes), undefined, 2)}\n`;
      const file = join(folder, name, "out.json");
      if (update) writeFileSync(file, text);
      else assert.deepEqual(JSON.parse(text), JSON.parse(readFileSync(file, "utf8")), `${file}; if the change is meant: UPDATE_GOLDEN=1`);
    });
  }

  for (const name of ["dubbo-3.3-report-metadata", "dubbo-3.3-unified-dubbo-ext-tri"]) {
    test(`${name}: either level alone tells the same as both, to the letter`, async (context) => {
      const { nodes } = input(name);
      const without = (part: string) => Object.fromEntries(Object.entries(nodes).filter(([path]) => !path.includes(part)));
      const both = JSON.stringify(await told(context, nodes));
      assert.equal(JSON.stringify(await told(context, without("/services"))), both);
      assert.equal(JSON.stringify(await told(context, without("/providers"))), both);
    });
  }
});
