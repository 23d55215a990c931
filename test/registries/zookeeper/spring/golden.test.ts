/**
 * What Spring Cloud applications, and others in the same tree, wrote, read by us: `golden/<case>/in.json` holds the
 * nodes of a whole root with their content, `out.json` the services and problems behind them. After a change that is
 * meant, `UPDATE_GOLDEN=1` writes the outputs anew.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Problem } from "../../../../src/registries/contract.ts";
import { type CuratorInstance, isInstance, parseInstance } from "../../../../src/registries/zookeeper/curator/instance.ts";
import { serviceOf } from "../../../../src/registries/zookeeper/spring/instance-service.ts";

const folder = join(import.meta.dirname, "golden");
const update = process.env.UPDATE_GOLDEN === "1";
const root = "/services/";

function read(nodes: readonly (readonly [path: string, content: string])[]): unknown {
  const problems: Problem[] = [];
  const report = (problem: Problem): void => void problems.push(problem);
  const folders = new Map<string, Map<string, CuratorInstance>>();
  for (const [path, content] of nodes) {
    const parsed = parseInstance(Buffer.from(content));
    if (!isInstance(parsed)) {
      if (parsed.problem) report({ ...parsed.problem, where: path });
      continue;
    }
    const slash = path.lastIndexOf("/");
    const name = path.slice(root.length, slash);
    const instances = folders.get(name) ?? new Map<string, CuratorInstance>();
    folders.set(name, instances.set(path.slice(slash + 1), parsed));
  }
  const services = [...folders].sort().map(([name, instances]) => serviceOf(name, root + name, instances, report));
  return { services, problems: problems.sort((a, b) => (a.where < b.where ? -1 : 1)) };
}

for (const name of readdirSync(folder).sort()) {
  const input = JSON.parse(readFileSync(join(folder, name, "in.json"), "utf8")) as { about: string; nodes: Record<string, string> };
  test(`golden ${name}: ${input.about}`, () => {
    const nodes = Object.entries(input.nodes);
    const text = `${JSON.stringify(read(nodes), undefined, 2)}\n`;
    const file = join(folder, name, "out.json");
    if (update) writeFileSync(file, text);
    else assert.deepEqual(JSON.parse(text), JSON.parse(readFileSync(file, "utf8")), `${file}; if the change is meant: UPDATE_GOLDEN=1`);
    // The order in which a server lists children means nothing.
    assert.deepEqual(read(nodes.reverse()), JSON.parse(text));
  });
}
