/**
 * What real applications wrote into Nacos, as we understand it: `golden/<case>/in.json` holds the services of a server
 * as it answers them, and its configurations; `out.json` what is told of them. After a change that is meant,
 * `UPDATE_GOLDEN=1` writes the outputs anew.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { read, reversed } from "./items-rig.ts";

const folder = join(import.meta.dirname, "golden");
const update = process.env.UPDATE_GOLDEN === "1";

interface Input {
  readonly about: string;
  readonly services: readonly Record<string, unknown>[];
  /** Content by group and dataId. */
  readonly configs: Readonly<Record<string, string>>;
}

function input(name: string): Input {
  return JSON.parse(readFileSync(join(folder, name, "in.json"), "utf8")) as Input;
}

suite("golden services of Nacos", () => {
  for (const name of readdirSync(folder).sort()) {
    const { about, services, configs } = input(name);
    test(`${name}: ${about}`, () => {
      const text = `${JSON.stringify(read(services, configs), undefined, 2)}\n`;
      const file = join(folder, name, "out.json");
      if (update) writeFileSync(file, text);
      else assert.deepEqual(JSON.parse(text), JSON.parse(readFileSync(file, "utf8")), `${file}; if the change is meant: UPDATE_GOLDEN=1`);
      // The order of services, and of their instances, means nothing.
      assert.equal(JSON.stringify(read(reversed(services), configs)), JSON.stringify(JSON.parse(text)));
    });
  }
});
