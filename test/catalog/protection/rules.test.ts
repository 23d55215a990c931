/** Rules of protection beside the removal table: single services, flap damping, growth, and an operator's word. */
import assert from "node:assert/strict";
import { beforeEach, describe, it, mock } from "node:test";
import type { RegistryReport } from "../../../src/catalog/report.ts";
import type { OperatorWord, ProtectionConfig } from "../../../src/config/schema.ts";
import { CatalogRig, instance, registryConfig, service } from "../../support/catalog-rig.ts";

const second = 1000;
const config = registryConfig("zk");

/** Live, with these services, for longer than any window. */
function live(protection: Partial<ProtectionConfig>, ...services: Parameters<CatalogRig["list"]>[1][]): CatalogRig {
  const rig = new CatalogRig({ ...config, protection: { ...config.protection, ...protection } });
  rig.list("zk", ...services);
  rig.status("zk");
  mock.timers.tick(60 * second);
  return rig;
}

function say(rig: CatalogRig, operator: OperatorWord, more: Partial<typeof config> = {}): void {
  rig.catalog.setRegistries([{ ...config, ...more, operator }]);
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
const report = (rig: CatalogRig): RegistryReport["protection"] => rig.catalog.reports()[0]!.protection;
const stateOf = (rig: CatalogRig, host: string) => rig.catalog.explain(host)[0]?.contributions[0]?.state;
const count = (rig: CatalogRig, host: string) => rig.addresses(host)?.length;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
});

describe("a mass removal of one service", () => {
  const big = (protection: Partial<ProtectionConfig> = {}) =>
    live(protection, service("a", range(0, 30)), service("b", range(100, 200)), service("c", [250]));

  it("is held though the registry loses little, and honoured after five minutes", () => {
    const rig = big();
    rig.put("zk", service("a", [1]));
    assert.equal(count(rig, "a.dubbo"), 30);
    assert.deepEqual(
      report(rig).itemHolds.map(({ itemId, why }) => [itemId, why]),
      [["service/||a|", "mass-removal"]],
    );
    assert.deepEqual([report(rig).state, report(rig).services], ["protected", { live: 2, stale: 0, protected: 1 }]);
    assert.deepEqual([stateOf(rig, "a.dubbo"), stateOf(rig, "c.dubbo")], ["protected", "live"]);
    rig.take("zk", service("c"));
    assert.equal(rig.service("c.dubbo"), undefined, "others go on");
    mock.timers.tick(300 * second - 1);
    assert.equal(count(rig, "a.dubbo"), 30);
    mock.timers.tick(1);
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1"]);
    assert.equal(report(rig).state, "live");
  });

  it("is held when it comes one by one, or when the service itself is gone", () => {
    const rig = big();
    for (const left of range(0, 30).reverse()) rig.put("zk", service("a", range(0, left)));
    assert.equal(count(rig, "a.dubbo"), 6, "the twenty-fifth makes more than four fifths");
    const other = big();
    other.take("zk", service("a"));
    assert.equal(count(other, "a.dubbo"), 30);
  });

  it("is none below its limits, and can be given others", () => {
    const rig = big();
    rig.put("zk", service("a", range(0, 6)));
    assert.equal(count(rig, "a.dubbo"), 6, "exactly four fifths");
    const strict = big({ serviceRemovalEndpoints: 3, serviceRemovalRatio: 0.1 });
    strict.put("zk", service("a", range(0, 26)));
    assert.equal(count(strict, "a.dubbo"), 30);
    strict.put("zk", service("c", []));
    assert.equal(count(strict, "c.dubbo"), 0, "one to none never is");
  });

  it("is over when everything came back, and judges what a reconnect took", () => {
    const rig = big();
    rig.put("zk", service("a", [1]));
    rig.put("zk", service("a", range(0, 30)));
    assert.deepEqual(report(rig).itemHolds, []);
    rig.status("zk", { phase: "stale", epoch: 1 });
    rig.put("zk", service("a", [1]));
    rig.status("zk", { epoch: 1 });
    mock.timers.tick(30 * second);
    rig.list("zk", service("a", [1]), service("b", range(100, 200)), service("c", [250]));
    assert.deepEqual([report(rig).holds, report(rig).itemHolds.length, count(rig, "a.dubbo")], [[], 1, 30]);
  });

  it("is released for the host alone", () => {
    const rig = big();
    rig.put("zk", service("a", [1]));
    assert.equal(rig.catalog.releaseHost("b.dubbo"), 0);
    assert.equal(rig.catalog.releaseHost("unknown.dubbo"), undefined);
    assert.equal(rig.catalog.releaseHost("a.dubbo"), 1);
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1"]);
    assert.deepEqual([report(rig).itemHolds, report(rig).state], [[], "live"]);
  });
});

describe("flap damping", () => {
  const damped = () => live({ flapDamping: 10 * second }, service("a", [1, 2]), service("b", [3]));

  it("serves an instance on that is back in time, and counts it", () => {
    const rig = damped();
    rig.put("zk", service("a", [1]));
    rig.take("zk", service("b"));
    mock.timers.tick(9 * second);
    assert.deepEqual([rig.addresses("a.dubbo"), rig.addresses("b.dubbo")], [["10.0.0.1", "10.0.0.2"], ["10.0.0.3"]]);
    assert.deepEqual([report(rig).dampedEndpoints, report(rig).heldEndpoints, report(rig).state], [2, 2, "protected"]);
    rig.put("zk", service("a", [1, 2]), service("b", [3]));
    mock.timers.tick(60 * second);
    assert.deepEqual([rig.addresses("a.dubbo"), rig.addresses("b.dubbo")], [["10.0.0.1", "10.0.0.2"], ["10.0.0.3"]]);
    assert.deepEqual([report(rig).returns, report(rig).dampedEndpoints, report(rig).state], [2, 0, "live"]);
  });

  it("lets each instance go when its own time is over", () => {
    const rig = damped();
    rig.put("zk", service("a", [1]));
    mock.timers.tick(5 * second);
    rig.take("zk", service("a"), service("b"));
    mock.timers.tick(5 * second);
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1"]);
    mock.timers.tick(5 * second);
    assert.deepEqual(rig.everything(), {});
    assert.deepEqual([report(rig).returns, report(rig).dampedEndpoints], [0, 0]);
  });

  it("takes changes of others over at once, and a move for no flap", () => {
    const rig = damped();
    rig.put("zk", service("a", [], { instances: [instance(1, { weight: 7 }), instance(2, { id: "new" })] }));
    assert.deepEqual(
      rig.service("a.dubbo")?.endpoints.map(({ weight }) => weight),
      [7, undefined],
    );
    assert.equal(report(rig).dampedEndpoints, 0);
  });

  it("begins with the registry's word, not with the end of another hold, and ends with the setting", () => {
    const rig = damped();
    rig.status("zk", { phase: "stale", epoch: 1 });
    rig.put("zk", service("a", [1]));
    rig.status("zk", { epoch: 1 });
    mock.timers.tick(30 * second);
    rig.list("zk", service("a", [1]), service("b", [3]));
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1"]);
    rig.take("zk", service("b"));
    say(rig, {});
    mock.timers.tick(1);
    assert.equal(rig.service("b.dubbo"), undefined, "damping was switched off");
  });
});

describe("sudden growth", () => {
  const small = (protection: Partial<ProtectionConfig> = {}) => live(protection, service("a", range(0, 40)), service("b", range(50, 60)));

  it("is only reported by default, and shown for a while", () => {
    const rig = small();
    rig.put("zk", service("a", range(0, 200)));
    assert.equal(count(rig, "a.dubbo"), 200);
    assert.match(report(rig).growth[0]?.detail ?? "", /^the registry has 210 endpoints, and had 50$/);
    assert.deepEqual([report(rig).growths, report(rig).state], [1, "live"]);
    assert.equal(rig.catalog.explain("b.dubbo")[0]?.contributions[0]?.growth.length, 1);
    mock.timers.tick(300 * second);
    assert.deepEqual([report(rig).growth, report(rig).growths], [[], 1]);
  });

  it("of one service is told as such", () => {
    const rig = live({}, service("a", range(0, 40)), service("b", range(50, 250)));
    rig.put("zk", service("a", range(300, 460)));
    assert.deepEqual(
      report(rig).growth.map((hold) => "itemId" in hold && hold.itemId),
      ["service/||a|"],
    );
  });

  it("is none for a first listing, within the limits, or over a longer time", () => {
    const fresh = new CatalogRig(config);
    fresh.status("zk", { phase: "starting", synced: false });
    fresh.list("zk", service("a", [1]), service("b", range(10, 240)));
    const slow = small();
    for (const n of range(0, 15)) {
      slow.put("zk", service(`more${n}`, range(256 + n * 20, 256 + n * 20 + 20)));
      mock.timers.tick(5 * second);
    }
    const off = small({ growthFactor: 0 });
    off.put("zk", service("a", range(0, 240)));
    assert.deepEqual(
      [fresh, slow, off].map((rig) => report(rig).growths),
      [0, 0, 0],
    );
  });

  it("waits where that is asked for: what grows stays as it is, the rest goes on, and it is taken over in time", () => {
    const rig = small({ growth: "hold" });
    rig.put("zk", service("a", range(1, 200)), service("new", [300]));
    assert.deepEqual([count(rig, "a.dubbo"), rig.service("new.dubbo")], [40, undefined]);
    assert.deepEqual([report(rig).waitingEndpoints, report(rig).state, stateOf(rig, "a.dubbo")], [160, "protected", "protected"]);
    rig.put("zk", service("b", range(55, 60)));
    assert.equal(count(rig, "b.dubbo"), 5, "what shrinks passes");
    rig.put("zk", service("b", range(65, 70)));
    assert.equal(rig.addresses("b.dubbo")?.[0], "10.0.0.65", "and what only moves");
    mock.timers.tick(300 * second);
    assert.deepEqual([count(rig, "a.dubbo"), count(rig, "new.dubbo"), report(rig).state], [199, 1, "live"]);
  });

  it("is none when that comes back which was only held", () => {
    const rig = live({ growth: "hold" }, service("a", range(0, 200)));
    rig.status("zk", { phase: "stale", epoch: 1 });
    rig.list("zk", service("a", range(0, 10)));
    rig.status("zk", { epoch: 1 });
    rig.put("zk", service("a", range(0, 200)));
    mock.timers.tick(60 * second);
    assert.deepEqual([count(rig, "a.dubbo"), report(rig).growths, report(rig).state], [200, 0, "live"]);
  });

  it("does not keep an item as it was before something of it came back", () => {
    const rig = live({ growth: "hold", growthEndpoints: 0, growthFactor: 1 }, service("a", [1, 2]), service("b", [3]));
    rig.status("zk", { phase: "stale", epoch: 1 });
    rig.list("zk", service("a", [1]), service("b", [3]));
    rig.status("zk", { epoch: 1 });
    rig.put("zk", service("b", [3, 4]), service("a", [1, 2, 5]));
    mock.timers.tick(30 * second);
    rig.catalog.listed("zk", new Set(["service/||a|", "service/||b|"]), Date.now());
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1", "10.0.0.2", "10.0.0.5"]);
  });

  it("is forgotten when the registry takes it back, and taken over when it is released", () => {
    const rig = small({ growth: "hold" });
    rig.put("zk", service("a", range(0, 200)), service("new", [300]), service("other", [301]));
    rig.list("zk", service("a", range(0, 40)), service("b", range(50, 60)), service("other", [301]));
    assert.equal(report(rig).waitingEndpoints, 1);
    assert.equal(rig.catalog.release("zk"), 1);
    assert.deepEqual([count(rig, "a.dubbo"), rig.service("new.dubbo"), count(rig, "other.dubbo")], [40, undefined, 1]);
    rig.put("zk", service("b", range(50, 200)));
    assert.deepEqual([count(rig, "b.dubbo"), rig.catalog.releaseHost("b.dubbo"), count(rig, "b.dubbo")], [10, 1, 150]);
  });
});

describe("a freeze", () => {
  const frozen = { frozen: "by a test" };

  it("lets nothing leave: neither removals nor listings, nor draining, nor empty services", () => {
    const rig = live({ unreachable: "drain", drainAfter: 60 * second, emptyServiceFor: 60 * second }, service("a", [1]), service("b", [2]));
    rig.put("zk", service("b", []));
    say(rig, frozen, { protection: { ...config.protection, unreachable: "drain", drainAfter: 60 * second } });
    rig.put("zk", service("c", [3]));
    rig.take("zk", service("c"));
    rig.list("zk");
    rig.status("zk", { phase: "stale", epoch: 1 });
    mock.timers.tick(86_400 * 2 * second);
    assert.deepEqual([rig.addresses("a.dubbo"), rig.addresses("b.dubbo"), rig.addresses("c.dubbo")], [["10.0.0.1"], [], ["10.0.0.3"]]);
    assert.deepEqual([report(rig).state, stateOf(rig, "a.dubbo"), report(rig).holds[0]?.why], ["protected", "protected", "freeze"]);
  });

  it("lets additions and changes pass, and what it kept leave at its end", () => {
    const rig = live({}, service("a", [1, 2]), service("b", [3]));
    say(rig, frozen);
    rig.put("zk", service("a", [2, 4]));
    rig.take("zk", service("b"));
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1", "10.0.0.2", "10.0.0.4"]);
    say(rig, {});
    assert.deepEqual([rig.addresses("a.dubbo"), rig.service("b.dubbo")], [["10.0.0.2", "10.0.0.4"], undefined]);
    assert.equal(report(rig).state, "live");
  });

  it("ends in a mass removal where it kept that much", () => {
    const rig = live({}, service("a", range(0, 50)));
    say(rig, frozen);
    rig.list("zk");
    say(rig, {});
    assert.deepEqual([count(rig, "a.dubbo"), report(rig).holds[0]?.why], [50, "mass-removal"]);
  });

  it("outlasts a release, which honours what was held until then", () => {
    const rig = live({}, service("a", [1, 2]));
    say(rig, frozen);
    rig.put("zk", service("a", [1]));
    rig.catalog.release("zk");
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1"]);
    rig.put("zk", service("a", []));
    assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1"]);
  });

  it("does not stand in the way of a registry that the operator takes away", () => {
    const rig = live({}, service("a", [1]));
    say(rig, frozen);
    rig.withdraw("zk");
    assert.deepEqual(rig.everything(), {});
  });
});

describe("a pause", () => {
  it("keeps all there is, also what other rules would let go meanwhile", () => {
    const rig = live({ unreachable: "drain", drainAfter: 60 * second }, service("a", range(0, 50)));
    const { protection } = { protection: { ...config.protection, unreachable: "drain" as const, drainAfter: 60 * second } };
    rig.list("zk");
    const { lastContact } = rig.catalog.reports()[0]!.status;
    say(rig, { paused: "by a test" }, { protection });
    rig.status("zk", { phase: "stale", epoch: 1, lastContact });
    mock.timers.tick(86_400 * second);
    assert.equal(count(rig, "a.dubbo"), 50);
    say(rig, {}, { protection });
    mock.timers.tick(59 * second);
    assert.equal(count(rig, "a.dubbo"), 50, "the time in which it was not asked does not count");
    mock.timers.tick(1 * second);
    assert.equal(count(rig, "a.dubbo"), 0);
  });

  it("is stale, not protected, as long as it differs in nothing", () => {
    const rig = live({}, service("a", [1]));
    say(rig, { paused: "by a test" });
    rig.status("zk", { phase: "stale", epoch: 1 });
    assert.deepEqual([report(rig).state, stateOf(rig, "a.dubbo")], ["stale", "stale"]);
  });
});

it("another word in `release` releases what is held, and only then", () => {
  const rig = live({}, service("a", range(0, 50)));
  rig.list("zk");
  const say = (release: string | undefined) => rig.catalog.setRegistries([{ ...config, release }]);
  say(undefined);
  assert.equal(count(rig, "a.dubbo"), 50);
  say("ticket-7");
  assert.equal(rig.service("a.dubbo"), undefined);
  rig.list("zk", service("a", range(0, 50)));
  rig.list("zk");
  say("ticket-7");
  assert.equal(count(rig, "a.dubbo"), 50);
});
