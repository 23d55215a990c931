import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { SettlingHealth } from "../../../src/registries/nacos/follow/settling-health.ts";
import type { NacosService } from "../../../src/registries/nacos/nacos-service.ts";

const settled = 30_000;

function orders(healthy: boolean): NacosService {
  const instance = { ip: "10.0.0.1", port: 8080, weight: 1, clusterName: "DEFAULT", ephemeral: false, enabled: true, metadata: {} };
  return { namespace: "public", group: "DEFAULT_GROUP", name: "orders", instances: [{ ...instance, healthy }] };
}

/** Of one persistent instance that an earlier connection called healthy; a server that was restarted is connected to now. */
function afterRestart(t: TestContext): { readonly health: SettlingHealth; readonly told: NacosService[] } {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const told: NacosService[] = [];
  const health = new SettlingHealth((service) => told.push(service));
  t.after(() => health.stop());
  health.begin();
  health.settled(orders(true));
  t.mock.timers.tick(settled);
  health.lost();
  health.begin();
  return { health, told };
}

suite("persistent instances that a restarted server has not probed", () => {
  test("stay healthy for a while, then the server's word counts", (t) => {
    const { health, told } = afterRestart(t);
    assert.deepEqual(health.settled(orders(false)), orders(true));
    t.mock.timers.tick(settled - 1);
    assert.deepEqual(told, []);
    t.mock.timers.tick(1);
    assert.deepEqual(told, [orders(false)]);
  });

  test("stay healthy for good when the connection is lost before that: its word is over", (t) => {
    const { health, told } = afterRestart(t);
    health.settled(orders(false));
    health.lost();
    t.mock.timers.tick(2 * settled);
    assert.deepEqual(told, []);
    health.begin();
    assert.deepEqual(health.settled(orders(false)), orders(true), "the next connection begins anew");
    assert.deepEqual(health.settled(orders(true)), orders(true));
    t.mock.timers.tick(settled);
    assert.deepEqual(told, []);
  });
});
