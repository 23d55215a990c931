/**
 * Translation by example: `golden/<case>/in.json` gives `out.yaml` and `problems.json`.
 * Golden outputs are a promise to users; after a change that is meant, `UPDATE_GOLDEN=1` writes them anew.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import type { MergedService, PassedResource } from "../../src/catalog/merged-service.ts";
import type { MeshConfig } from "../../src/config/schema.ts";
import { toManifest } from "../../src/mesh/manifest.ts";
import type { Translation } from "../../src/mesh/mesh-object.ts";
import { translateResource } from "../../src/mesh/ready-resource.ts";
import { translateService } from "../../src/mesh/service-entry.ts";
import { validate } from "../../src/mesh/validate/validate.ts";
import { policyOf, serviceOf } from "./builders.ts";

/** What an `in.json` holds: changes of the default service and policy, or a ready resource. */
interface Input {
  readonly why: string;
  readonly policy?: Partial<MeshConfig>;
  /** Default 241.1.2.3; null: none. */
  readonly vip?: string | null;
  readonly service?: Partial<MergedService>;
  readonly resource?: PassedResource;
}

const folder = join(import.meta.dirname, "golden");
const update = process.env.UPDATE_GOLDEN === "1";

function translate(input: Input): Translation {
  const policy = policyOf(input.policy);
  if (input.resource) return translateResource(input.resource, policy);
  return translateService(serviceOf(withoutNulls(input.service)), policy, input.vip === null ? undefined : (input.vip ?? "241.1.2.3"));
}

/** JSON has no undefined: `"protocol": null` stands for it. */
function withoutNulls(service: Partial<MergedService> = {}): Partial<MergedService> {
  return Object.fromEntries(Object.entries(service).map(([key, value]) => [key, value ?? undefined]));
}

for (const name of readdirSync(folder).sort()) {
  const read = (file: string) => readFileSync(join(folder, name, file), "utf8");
  const input = JSON.parse(read("in.json")) as Input;
  test(`golden ${name}: ${input.why}`, () => {
    const { object, problems } = translate(input);
    const files = {
      "out.yaml": object ? stringify(toManifest(object)) : "# withheld\n",
      "problems.json": `${JSON.stringify(problems, undefined, 2)}\n`,
    };
    if (object) assert.deepEqual(validate(object), []);
    else
      assert.ok(
        problems.some((problem) => problem.costs === "service"),
        "what is withheld has a reason",
      );
    for (const [file, text] of Object.entries(files)) {
      if (update) writeFileSync(join(folder, name, file), text);
      else assert.equal(text, read(file), `${name}/${file}; if the change is meant: UPDATE_GOLDEN=1`);
    }
  });
}
