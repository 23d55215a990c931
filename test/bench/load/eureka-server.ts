/** A fake Eureka server with many instances, one of which changes every second. Arguments: applications, instances of each. */
import { instanceJson } from "../../support/eureka-writer.ts";
import { FakeEureka } from "../../support/fake-eureka/server.ts";
import { otherEnd } from "../measuring/other-end.ts";
import type { FromEureka, ToEureka } from "./eureka-messages.ts";

const [apps = 0, instancesPerApp = 0] = process.argv.slice(2).map(Number);
const server = await FakeEureka.start();
// As a real one: whoever asks within this time gets the same copy.
server.copiesLast = 30_000;
for (let app = 0; app < apps; app++) for (let number = 0; number < instancesPerApp; number++) register(app, number, "v1");
server.instances.forgetChanges();

function register(app: number, number: number, version: string): void {
  const address = `10.${app >> 8}.${app & 255}.${number + 1}`;
  const metadata = { "management.port": "8080", zone: "hz-a", version };
  server.instances.register(instanceJson({ app: `order-service-${app}`, address, port: 8080, metadata }));
}

let second = 0;
setInterval(() => {
  second++;
  register(second % apps, 0, `v${second}`);
}, 1_000).unref();

const say = otherEnd<ToEureka, FromEureka>(() => {
  const heard = server.heard.splice(0);
  const bytes = (path: string) => heard.filter((one) => one.path === path).map((one) => one.bytes);
  const [full, delta] = [bytes("/apps"), bytes("/apps/delta")];
  const sum = (sizes: readonly number[]) => sizes.reduce((all, size) => all + size, 0);
  say({ type: "heard", fulls: full.length, fullBytes: sum(full), deltas: delta.length, deltaBytes: sum(delta) });
});
say({ type: "ready", url: server.url });
