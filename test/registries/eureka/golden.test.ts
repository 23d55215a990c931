/**
 * What real servers answered, and shapes of older ones, read by us: `golden/<case>/in.json` holds the body of `/apps`,
 * `out.json` the count that follows from it, the services and the problems behind them. After a change that is meant,
 * `UPDATE_GOLDEN=1` writes the outputs anew.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { Problem } from "../../../src/registries/contract.ts";
import { serviceOf } from "../../../src/registries/eureka/app-service.ts";
import { KnownInstances } from "../../../src/registries/eureka/known-instances.ts";
import { readApplications } from "../../../src/registries/eureka/wire/applications.ts";
import { hashCodeOf } from "../../../src/registries/eureka/wire/hash-code.ts";

const folder = join(import.meta.dirname, "golden");
const update = process.env.UPDATE_GOLDEN === "1";

function read(body: unknown, region: string | undefined): unknown {
  const applications = readApplications(body);
  if (!applications) return { applications: "none" };
  const known = new KnownInstances();
  known.apply(applications.instances);
  const problems: Problem[] = [];
  const services = [...known.apps].map((app) =>
    serviceOf(app, known.of(app), { statuses: ["UP"], region }, (problem) => problems.push(problem)),
  );
  return { toldHashCode: applications.hashCode, hashCode: hashCodeOf(known.present()), services, problems };
}

for (const name of readdirSync(folder).sort()) {
  const input = JSON.parse(readFileSync(join(folder, name, "in.json"), "utf8")) as { about: string; region?: string; body: unknown };
  test(`golden ${name}: ${input.about}`, () => {
    const text = `${JSON.stringify(read(input.body, input.region), undefined, 2)}\n`;
    const file = join(folder, name, "out.json");
    if (update) writeFileSync(file, text);
    else assert.deepEqual(JSON.parse(text), JSON.parse(readFileSync(file, "utf8")), `${file}; if the change is meant: UPDATE_GOLDEN=1`);
  });
}

suite("whatever a server says", () => {
  const keys = [
    "instanceId",
    "hostName",
    "app",
    "ipAddr",
    "status",
    "port",
    "securePort",
    "dataCenterInfo",
    "leaseInfo",
    "metadata",
    "actionType",
  ];
  const value = fc.oneof(
    fc.jsonValue(),
    fc.record({ $: fc.jsonValue(), "@enabled": fc.jsonValue() }),
    fc.constantFrom("UP", "10.0.0.1", "true", 8080),
  );
  const instance = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...keys), value));
  const application = fc.oneof(
    fc.jsonValue(),
    fc.record({ name: fc.oneof(fc.string(), fc.jsonValue()), instance: fc.oneof(instance, fc.array(instance)) }),
  );

  test("never throws, and every instance that is served has an address and a port", () => {
    const body = fc.record({
      applications: fc.oneof(fc.jsonValue(), fc.record({ application: fc.oneof(application, fc.array(application)) })),
    });
    fc.assert(
      fc.property(body, (json) => {
        const { services = [] } = read(json, undefined) as { services?: { instances: { address: string; ports: unknown[] }[] }[] };
        for (const { instances } of services) for (const { address, ports } of instances) assert.ok(address !== "" && ports.length > 0);
      }),
      { numRuns: 300 },
    );
  });
});
