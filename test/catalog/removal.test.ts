/** The removal table of the design, row by row. */
import assert from "node:assert/strict";
import { beforeEach, describe, it, mock } from "node:test";
import type { ProtectionConfig } from "../../src/config/schema.ts";
import { CatalogRig, instance, registryConfig, service } from "../support/catalog-rig.ts";

const second = 1000;
const defaults = registryConfig("zk").protection;

function rigWith(protection: Partial<ProtectionConfig> = {}): CatalogRig {
  return new CatalogRig(registryConfig("zk", { protection: { ...defaults, ...protection } }));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function holds(rig: CatalogRig): readonly string[] {
  return rig.catalog.reports()[0]?.protection.holds.map(({ why }) => why) ?? [];
}

// One file has one clock: the tests of a file run one after the other.
beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
});

describe("a confirmed removal", () => {
  it("counts at once while no hold is open", () => {
    const rig = rigWith();
    rig.list("zk", service("a", [1, 2]), service("b", [3]));
    rig.status("zk");
    rig.put("zk", service("a", [1]));
    rig.take("zk", service("b"));
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1"]);
    assert.equal(rig.service("b.dubbo"), undefined);
  });

  it("counts at once when a listing leaves a service out", () => {
    const rig = rigWith();
    rig.list("zk", service("a", [1]), service("b", [2]));
    rig.status("zk");
    rig.list("zk", service("a", [1]));
    assert.equal(rig.service("b.dubbo"), undefined);
  });
});

describe("after a reconnect", () => {
  function reconnected(): CatalogRig {
    const rig = rigWith();
    rig.status("zk", { phase: "starting", synced: false });
    rig.list("zk", service("a", [1, 2]), service("b", [3]), service("c", [4]));
    rig.status("zk");
    assert.deepEqual(holds(rig), [], "a first connection opens no hold");
    rig.status("zk", { phase: "stale", epoch: 1 });
    assert.deepEqual(holds(rig), ["reconnect"]);
    return rig;
  }

  it("holds as well if contact was lost before the first listing could be applied", () => {
    const rig = rigWith();
    rig.status("zk", { phase: "starting", synced: false });
    rig.put("zk", service("a", [1, 2]));
    rig.status("zk", { phase: "starting", synced: false, epoch: 1 });
    rig.list("zk", service("a", [1, 2]));
    rig.status("zk", { phase: "stale", synced: true, epoch: 1 });
    rig.list("zk");
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1", "10.0.0.2"]);
    assert.deepEqual(holds(rig), ["reconnect"]);
  });

  it("opens no hold for a sign of life that overtakes the first listing, but for a loss in its midst", () => {
    const rig = rigWith();
    rig.put("zk", service("a", [1, 2]));
    rig.status("zk", { phase: "starting", synced: false });
    rig.list("zk", service("a", [1]));
    rig.status("zk");
    assert.deepEqual(holds(rig), []);
    const other = rigWith();
    other.put("zk", service("a", [1, 2]));
    other.status("zk", { phase: "starting", synced: false });
    other.status("zk", { phase: "starting", synced: false, reason: "connection reset", epoch: 1 });
    assert.deepEqual(holds(other), ["reconnect"]);
  });

  it("lets growth pass and keeps what would shrink", () => {
    const rig = reconnected();
    rig.list("zk", service("a", [2, 5]), service("d", [6]));
    rig.status("zk", { epoch: 1 });
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1", "10.0.0.2", "10.0.0.5"]);
    assert.deepEqual(rig.addresses("b.dubbo"), ["10.0.0.3"]);
    assert.deepEqual(rig.addresses("d.dubbo"), ["10.0.0.6"]);
    rig.take("zk", service("c"));
    assert.deepEqual(rig.addresses("c.dubbo"), ["10.0.0.4"]);
    const report = rig.catalog.reports()[0];
    assert.equal(report?.protection.heldItems, 3);
    assert.equal(report?.protection.heldEndpoints, 3);
    assert.equal(rig.catalog.explain("a.dubbo")[0]?.contributions[0]?.heldEndpoints, 1);
  });

  it("lets changed facts of an instance pass", () => {
    const rig = reconnected();
    rig.put("zk", service("b", [], { instances: [instance(3, { weight: 7 })] }));
    assert.equal(rig.service("b.dubbo")?.endpoints[0]?.weight, 7);
    assert.equal(rig.catalog.reports()[0]?.protection.heldItems, 0);
  });

  it("keeps no old place of an instance that came back under another id", () => {
    const rig = reconnected();
    rig.put("zk", service("b", [], { instances: [instance(3, { id: "new" })] }));
    assert.equal(rig.service("b.dubbo")?.endpoints.length, 1);
    assert.equal(rig.service("b.dubbo")?.endpoints[0]?.id, "new");
  });

  it("reads again after the hold and then honours what is true by then", () => {
    const rig = reconnected();
    rig.list("zk", service("a", [2]));
    mock.timers.tick(600 * second);
    assert.deepEqual(rig.relisted, [], "the hold does not run while the registry is away");
    rig.status("zk", { epoch: 1 });
    mock.timers.tick(30 * second - 1);
    assert.deepEqual(rig.relisted, []);
    mock.timers.tick(1);
    assert.deepEqual(rig.relisted, ["zk"]);
    assert.deepEqual(rig.addresses("b.dubbo"), ["10.0.0.3"]);
    rig.dirty();
    rig.list("zk", service("a", [2]), service("c", [4]));
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.2"]);
    assert.equal(rig.service("b.dubbo"), undefined);
    assert.deepEqual(rig.addresses("c.dubbo"), ["10.0.0.4"], "came back in time");
    assert.deepEqual(rig.dirty(), ["service:tributary/a.dubbo", "service:tributary/b.dubbo", "service:tributary/c.dubbo"]);
    assert.deepEqual(holds(rig), []);
  });

  it("asks again when the registry does not answer the re-read", () => {
    const rig = reconnected();
    rig.list("zk", service("a", [1]));
    rig.status("zk", { epoch: 1 });
    for (const _ of range(0, 3)) mock.timers.tick(30 * second);
    assert.deepEqual(rig.relisted, ["zk", "zk", "zk"]);
  });

  it("holds too when changed settings made the supervisor start over", () => {
    const rig = rigWith();
    rig.list("zk", service("a", [1]));
    rig.status("zk");
    rig.status("zk", { phase: "starting", synced: false });
    rig.list("zk");
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1"]);
  });

  it("starts over when the connection breaks again", () => {
    const rig = reconnected();
    rig.list("zk", service("a", [1]));
    rig.status("zk", { epoch: 1 });
    mock.timers.tick(20 * second);
    rig.status("zk", { phase: "stale", epoch: 2 });
    mock.timers.tick(60 * second);
    rig.status("zk", { epoch: 2 });
    mock.timers.tick(29 * second);
    assert.deepEqual(rig.relisted, []);
    mock.timers.tick(1 * second);
    assert.deepEqual(rig.relisted, ["zk"]);
  });

  it("ends quietly when nothing is held", () => {
    const rig = reconnected();
    rig.status("zk", { epoch: 1 });
    mock.timers.tick(30 * second);
    assert.deepEqual(rig.relisted, []);
    assert.deepEqual(holds(rig), []);
  });

  it("judges what a restart took by the rule for mass removals", () => {
    const rig = rigWith();
    rig.list("zk", service("a", range(0, 40)));
    rig.status("zk");
    rig.status("zk", { phase: "stale", epoch: 1 });
    rig.list("zk", service("a", [1]));
    rig.status("zk", { epoch: 1 });
    mock.timers.tick(30 * second);
    rig.list("zk", service("a", [1]));
    assert.deepEqual(holds(rig), ["mass-removal"]);
    assert.equal(rig.addresses("a.dubbo")?.length, 40);
    mock.timers.tick(300 * second);
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1"]);
  });
});

describe("a suspicion", () => {
  it("opens a hold like a reconnect", () => {
    const rig = rigWith();
    rig.list("zk", service("a", [1]));
    rig.status("zk");
    rig.status("zk", { suspicion: "version went back" });
    assert.deepEqual(holds(rig), ["suspicion"]);
    rig.take("zk", service("a"));
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1"]);
    mock.timers.tick(30 * second);
    rig.list("zk");
    assert.equal(rig.service("a.dubbo"), undefined);
  });
});

describe("a mass removal", () => {
  function big(protection: Partial<ProtectionConfig> = {}): CatalogRig {
    const rig = rigWith(protection);
    rig.list("zk", ...range(0, 50).map((n) => service(`s${n}`, [n])));
    rig.status("zk");
    mock.timers.tick(60 * second);
    return rig;
  }
  const alive = (rig: CatalogRig) => range(0, 50).filter((n) => rig.service(`s${n}.dubbo`) !== undefined).length;

  it("is held as a whole when a listing tells it, and honoured after five minutes", () => {
    const rig = big();
    rig.list("zk", ...range(0, 20).map((n) => service(`s${n}`, [n])));
    assert.equal(alive(rig), 50);
    assert.deepEqual(holds(rig), ["mass-removal"]);
    mock.timers.tick(300 * second - 1);
    assert.equal(alive(rig), 50);
    mock.timers.tick(1);
    assert.equal(alive(rig), 20);
    assert.deepEqual(holds(rig), []);
  });

  it("lets growth pass while it is held, beside what would shrink", () => {
    const rig = big();
    rig.list("zk", ...range(0, 20).map((n) => service(`s${n}`, [n])));
    rig.put("zk", service("s30", [99]));
    rig.put("zk", service("s5", [5, 98]));
    assert.deepEqual(rig.addresses("s30.dubbo"), ["10.0.0.30", "10.0.0.99"]);
    assert.deepEqual(rig.addresses("s5.dubbo"), ["10.0.0.5", "10.0.0.98"]);
    mock.timers.tick(300 * second);
    assert.deepEqual(rig.addresses("s30.dubbo"), ["10.0.0.99"]);
  });

  it("is held from the moment it is one when it comes one by one", () => {
    const rig = big();
    for (const n of range(0, 40)) rig.take("zk", service(`s${n}`));
    assert.equal(alive(rig), 25);
    assert.equal(rig.catalog.reports()[0]?.protection.heldItems, 15);
  });

  it("is none when it takes longer than the window", () => {
    const rig = big();
    for (const n of range(0, 40)) {
      rig.take("zk", service(`s${n}`));
      mock.timers.tick(second);
    }
    assert.equal(alive(rig), 10);
  });

  it("is none at exactly the ratio or the number", () => {
    const rig = big();
    rig.list("zk", ...range(0, 25).map((n) => service(`s${n}`, [n])));
    assert.equal(alive(rig), 25);
    const few = rigWith();
    few.list("zk", service("a", range(0, 20)));
    few.status("zk");
    few.list("zk");
    assert.equal(few.service("a.dubbo"), undefined);
  });

  it("is none when as many endpoints arrive as leave", () => {
    const rig = rigWith();
    rig.list("zk", service("a", range(0, 40)));
    rig.status("zk");
    rig.put("zk", service("a", range(100, 140)));
    assert.equal(rig.addresses("a.dubbo")?.length, 40);
    assert.deepEqual(holds(rig), []);
  });

  it("is released by the operator", () => {
    const rig = big();
    rig.list("zk");
    rig.catalog.release("zk");
    assert.equal(alive(rig), 0);
    assert.deepEqual(holds(rig), []);
  });

  it("is over when everything came back", () => {
    const rig = big();
    rig.list("zk");
    rig.list("zk", ...range(0, 50).map((n) => service(`s${n}`, [n])));
    assert.deepEqual(holds(rig), []);
    rig.take("zk", service("s1"));
    assert.equal(alive(rig), 49);
  });

  it("is never a single service that loses its only instance", () => {
    const rig = rigWith({ massRemovalEndpoints: 0, massRemovalRatio: 0 });
    rig.list("zk", service("a", [1]));
    rig.status("zk");
    rig.put("zk", service("a", []));
    assert.deepEqual(rig.addresses("a.dubbo"), []);
  });
});

describe("an unreachable registry", () => {
  it("keeps everything by default", () => {
    const rig = rigWith();
    rig.list("zk", service("a", [1]));
    rig.status("zk");
    rig.status("zk", { phase: "stale", epoch: 1 });
    mock.timers.tick(30 * 86_400 * second);
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1"]);
    assert.equal(rig.catalog.reports()[0]?.staleSeconds, 30 * 86_400);
  });

  it("loses its endpoints after the time asked for, and has them again when it is back", () => {
    const rig = rigWith({ unreachable: "drain", drainAfter: 60 * second });
    rig.list("zk", service("a", [1]));
    rig.status("zk");
    const { lastContact } = rig.catalog.reports()[0]?.status ?? { lastContact: 0 };
    mock.timers.tick(20 * second);
    rig.status("zk", { phase: "stale", epoch: 1, lastContact });
    mock.timers.tick(40 * second - 1);
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1"]);
    rig.dirty();
    mock.timers.tick(1);
    assert.deepEqual(rig.addresses("a.dubbo"), []);
    assert.equal(rig.service("a.dubbo")?.ports[0]?.number, 20880);
    assert.deepEqual(rig.dirty(), ["service:tributary/a.dubbo"]);
    rig.status("zk", { epoch: 1 });
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1"]);
  });
});

describe("a service that lost its last instance", () => {
  it("stays empty, with its hosts and ports, for the time asked for", () => {
    const rig = rigWith();
    const tri = instance(2, { ports: [{ number: 50051, protocol: "tri" }] });
    rig.list("zk", service("a", [], { instances: [instance(1), tri] }));
    rig.status("zk");
    rig.put("zk", service("a", []));
    assert.deepEqual(rig.service("a.dubbo")?.ports, [{ number: 20880, protocol: "dubbo" }]);
    assert.deepEqual(rig.service("tri.a.dubbo")?.ports, [{ number: 50051, protocol: "tri" }]);
    mock.timers.tick(86_400 * second - 1);
    assert.deepEqual(rig.addresses("tri.a.dubbo"), []);
    mock.timers.tick(1);
    assert.equal(rig.service("a.dubbo"), undefined);
    rig.put("zk", service("a", [], { annotations: { still: "empty" } }));
    assert.equal(rig.service("a.dubbo"), undefined, "the registry still lists it, empty");
    rig.put("zk", service("a", [3]));
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.3"]);
  });

  it("goes at once when the registry says that the service is gone", () => {
    const rig = rigWith();
    rig.list("zk", service("a", [1]));
    rig.status("zk");
    rig.put("zk", service("a", []));
    rig.take("zk", service("a"));
    assert.equal(rig.service("a.dubbo"), undefined);
  });

  it("is not one that never had any", () => {
    const rig = rigWith();
    rig.list("zk", service("a", []));
    rig.status("zk");
    mock.timers.tick(30 * 86_400 * second);
    assert.deepEqual(rig.addresses("a.dubbo"), []);
  });
});

describe("a registry that the operator takes away", () => {
  it("is withdrawn at once, also while everything of it is held", () => {
    const rig = rigWith();
    rig.list("zk", service("a", [1]));
    rig.status("zk");
    rig.status("zk", { phase: "stale", epoch: 1 });
    rig.dirty();
    rig.withdraw("zk");
    assert.deepEqual(rig.everything(), {});
    assert.deepEqual(rig.dirty(), ["service:tributary/a.dubbo"]);
    rig.put("zk", service("a", [1]));
    assert.deepEqual(rig.everything(), {}, "a late word of its worker changes nothing");
  });
});
