/**
 * What real Dubbo applications wrote, read by us: `golden/<case>/in.json` holds the paths of a
 * whole root, `out.json` the services and problems behind them. After a change that is meant,
 * `UPDATE_GOLDEN=1` writes the outputs anew.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Problem } from "../../../../src/registries/contract.ts";
import { readConsumers } from "../../../../src/registries/dubbo/consumer-url.ts";
import { servicesOf } from "../../../../src/registries/dubbo/provider-services.ts";
import { InterfaceNames } from "../../../../src/registries/zookeeper/dubbo/interface-names.ts";
import { DubboPaths } from "../../../../src/registries/zookeeper/dubbo/paths.ts";

const folder = join(import.meta.dirname, "golden");
const update = process.env.UPDATE_GOLDEN === "1";

function children(paths: readonly string[], parent: string): string[] {
  return paths
    .filter((path) => path.startsWith(`${parent}/`) && !path.slice(parent.length + 1).includes("/"))
    .map((path) => path.slice(parent.length + 1));
}

function read(nodes: readonly string[]): unknown {
  const problems: Problem[] = [];
  const report = (problem: Problem): void => void problems.push(problem);
  const paths = new DubboPaths("/dubbo");
  const names = new InterfaceNames({ include: [], exclude: [] }, report);
  const services = names
    .select("/dubbo", children(nodes, "/dubbo"))
    .sort()
    .flatMap((directory) => {
      const path = paths.providers(directory);
      const consumers = readConsumers(children(nodes, paths.consumers(directory)));
      return servicesOf({ name: names.decoded(directory) ?? "", path, nodes: children(nodes, path), consumers }, report);
    });
  return { services, problems };
}

for (const name of readdirSync(folder).sort()) {
  const input = JSON.parse(readFileSync(join(folder, name, "in.json"), "utf8")) as { about: string; nodes: string[] };
  test(`golden ${name}: ${input.about}`, () => {
    const text = `${JSON.stringify(read(input.nodes), undefined, 2)}\n`;
    const file = join(folder, name, "out.json");
    if (update) writeFileSync(file, text);
    else assert.deepEqual(JSON.parse(text), JSON.parse(readFileSync(file, "utf8")), `${file}; if the change is meant: UPDATE_GOLDEN=1`);
    // The order in which a server lists children means nothing.
    assert.deepEqual(sorted(read([...input.nodes].reverse())), sorted(read(input.nodes)));
  });
}

function sorted(result: unknown): unknown {
  const { services } = result as { services: { key: unknown }[] };
  return services.map((service) => JSON.stringify(service)).sort();
}
