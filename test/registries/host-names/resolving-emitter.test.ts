import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, suite, test } from "node:test";
import fc from "fast-check";
import type { Emitter } from "../../../src/registries/contract.ts";
import type { NameAnswer } from "../../../src/registries/host-names/name-resolver.ts";
import { ResolvingEmitter } from "../../../src/registries/host-names/resolving-emitter.ts";
import { type Instance, type Item, itemId } from "../../../src/registries/service.ts";

/** A service with an instance at each address. */
function service(name: string, ...addresses: string[]): Item {
  const instances = addresses.map((address): Instance => ({ id: address, address, ports: [{ number: 80, protocol: "http" }] }));
  return { kind: "service", service: { key: { name }, instances } };
}

function id(name: string): string {
  return itemId(service(name));
}

/** What reaches main: in order as words, and as the view that comes of it. */
class Recorder implements Emitter {
  readonly told: string[] = [];
  readonly view = new Map<string, string>();
  #seen: Set<string> | undefined;

  listing() {
    const seen = new Set<string>();
    this.#seen = seen;
    return {
      add: (item: Item) => this.#put("add", item),
      keep: (key: string) => {
        seen.add(key);
        this.told.push(`keep ${key}`);
      },
      commit: () => {
        for (const key of this.view.keys()) if (!seen.has(key)) this.view.delete(key);
        this.#seen = undefined;
        this.told.push("commit");
      },
      abandon: (reason: string) => {
        this.#seen = undefined;
        this.told.push(`abandon ${reason}`);
      },
    };
  }
  replaced(): void {
    assert.fail("it is not called from here");
  }
  changed(item: Item): void {
    this.#put("changed", item);
  }
  removed(key: string): void {
    this.view.delete(key);
    this.#seen?.delete(key);
    this.told.push(`removed ${key}`);
  }
  unreachable(reason: string): void {
    this.told.push(`unreachable ${reason}`);
  }
  contact(): void {
    this.told.push("contact");
  }
  suspicious(what: string): void {
    this.told.push(`suspicious ${what}`);
  }
  problem({ code, where, message }: { code: string; where: string; message: string }): void {
    this.told.push(`${code} ${where}: ${message}`);
  }

  #put(how: string, item: Item): void {
    const key = itemId(item);
    const shown = item.kind === "service" ? item.service.instances.map((one) => `${one.id}=${one.address}`).join(",") : item.kind;
    this.view.set(key, shown);
    this.#seen?.add(key);
    this.told.push(`${how} ${key.replace(/^service\/\|\||\|$/g, "")} ${shown}`.trim());
  }
}

function setUp(known: readonly string[] = []) {
  const recorder = new Recorder();
  const questions = new Map<string, PromiseWithResolvers<NameAnswer>>();
  const emit = new ResolvingEmitter(recorder, known, (name) => {
    const question = Promise.withResolvers<NameAnswer>();
    questions.set(name, question);
    return question.promise;
  });
  const answer = async (name: string, addresses: readonly string[] | undefined): Promise<void> => {
    const question = questions.get(name);
    assert.ok(question, `${name} was asked for`);
    questions.delete(name);
    if (addresses) question.resolve({ addresses, ttl: 30_000 });
    else question.reject(new Error("no answer"));
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  /** What was told since the last call. */
  const told = (): string[] => recorder.told.splice(0);
  return { emit, view: recorder.view, told, answer, questions };
}

suite("a registry's words on their way to main", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  test("pass at once where there is no host name", () => {
    const { emit, told } = setUp();
    emit.changed(service("a", "10.0.0.1", "2001:db8::1"));
    emit.removed(id("a"));
    emit.contact();
    emit.suspicious("empty");
    emit.unreachable("refused");
    emit.problem({ code: "bad-url", where: "x", message: "y" });
    const listing = emit.listing();
    listing.add(service("b"));
    listing.add({ kind: "fact", fact: { subject: "address", name: "order-1" } });
    listing.keep(id("c"));
    listing.commit();
    emit.listing().abandon("lost");
    assert.deepEqual(told(), [
      "changed a 10.0.0.1=10.0.0.1,2001:db8::1=2001:db8::1",
      "removed service/||a|",
      "contact",
      "suspicious empty",
      "unreachable refused",
      "bad-url x: y",
      "add b",
      "add fact///address/order-1 fact",
      "keep service/||c|",
      "commit",
      "abandon lost",
    ]);
  });

  test("carry a service once its names are answered, then whenever an address changes", async () => {
    const { emit, told, answer } = setUp();
    emit.changed(service("a", "10.0.0.1", "n1", "n2"));
    await answer("n1", ["10.1.0.1"]);
    assert.deepEqual(told(), []);
    await answer("n2", ["10.2.0.2", "10.2.0.3"]);
    assert.deepEqual(told(), ["changed a 10.0.0.1=10.0.0.1,n1=10.1.0.1,n2 10.2.0.2=10.2.0.2,n2 10.2.0.3=10.2.0.3"]);
    mock.timers.tick(30_000);
    await answer("n1", ["10.1.0.9"]);
    await answer("n2", ["10.2.0.2", "10.2.0.3"]);
    assert.deepEqual(told(), ["changed a 10.0.0.1=10.0.0.1,n1=10.1.0.9,n2 10.2.0.2=10.2.0.2,n2 10.2.0.3=10.2.0.3"]);
  });

  test("ask for one name once, whatever its case and however many use it", async () => {
    const { emit, told, answer, questions } = setUp();
    emit.changed(service("a", "N1"));
    emit.changed(service("b", "n1"));
    assert.deepEqual([...questions.keys()], ["n1"]);
    await answer("n1", ["10.1.0.1"]);
    assert.deepEqual(told(), ["changed a N1=10.1.0.1", "changed b n1=10.1.0.1"]);
  });

  test("leave an instance out that cannot be resolved yet, and say so; it comes when it can", async () => {
    const { emit, told, answer } = setUp();
    emit.changed(service("a", "10.0.0.1", "n1"));
    await answer("n1", undefined);
    assert.deepEqual(told(), ["host-name-unresolved n1: no answer; used by a", "changed a 10.0.0.1=10.0.0.1"]);
    mock.timers.tick(1_000);
    await answer("n1", ["10.1.0.1"]);
    assert.deepEqual(told(), ["changed a 10.0.0.1=10.0.0.1,n1=10.1.0.1"]);
  });

  test("take nothing away when the name servers are out", async () => {
    const { emit, view, told, answer } = setUp();
    emit.replaced([service("a", "n1"), service("b", "n1", "10.0.0.1")]);
    await answer("n1", ["10.1.0.1"]);
    told();
    for (let attempt = 0; attempt < 5; attempt++) {
      mock.timers.tick(60_000);
      await answer("n1", attempt % 2 === 0 ? undefined : []);
    }
    emit.replaced([service("a", "n1"), service("b", "n1", "10.0.0.2")]);
    assert.deepEqual([...view.values()], ["n1=10.1.0.1", "n1=10.1.0.1,10.0.0.2=10.0.0.2"]);
    assert.equal(told()[0], "host-name-stale n1: no answer; used by a and 1 more services");
  });

  test("forget the names of what is gone, or has none any more", async () => {
    const { emit, told, answer, questions } = setUp();
    emit.replaced([service("a", "n1"), service("b", "n2"), service("c", "n3")]);
    for (const name of ["n1", "n2", "n3"]) await answer(name, ["10.1.0.1"]);
    emit.removed(id("a"));
    emit.changed(service("b", "10.0.0.1"));
    emit.replaced([service("b", "10.0.0.1")]);
    told();
    mock.timers.tick(200_000);
    assert.deepEqual([...questions.keys()], []);
    assert.deepEqual(told(), []);
  });
});

suite("a listing", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  test("the first one is complete only with the first answers", async () => {
    const { emit, told, answer } = setUp();
    emit.replaced([service("a", "10.0.0.1"), service("b", "n1"), service("c", "n2")]);
    await answer("n1", ["10.1.0.1"]);
    assert.deepEqual(told(), ["add a 10.0.0.1=10.0.0.1", "changed b n1=10.1.0.1"]);
    await answer("n2", undefined);
    assert.deepEqual(told(), ["host-name-unresolved n2: no answer; used by c", "changed c", "commit"]);
  });

  test("the first one does not wait for ever", () => {
    const { emit, told } = setUp();
    emit.replaced([service("a", "n1")]);
    mock.timers.tick(4_999);
    assert.deepEqual(told(), []);
    mock.timers.tick(1);
    assert.deepEqual(told(), ["keep service/||a|", "commit"]);
  });

  for (const [what, say] of [
    ["a loss of contact", (emit: Emitter) => emit.unreachable("gone")],
    ["a suspicion", (emit: Emitter) => emit.suspicious("gone")],
    ["a newer listing", (emit: Emitter) => void emit.listing()],
  ] as const) {
    test(`the first one is committed before ${what}, which knows more`, () => {
      const { emit, told } = setUp();
      emit.replaced([service("a", "n1")]);
      say(emit);
      assert.deepEqual(told().slice(0, 2), ["keep service/||a|", "commit"]);
      mock.timers.tick(10_000);
      assert.equal(told().filter((word) => word === "commit").length, 0);
    });
  }

  test("a later one does not wait for new names", async () => {
    const { emit, told, answer } = setUp();
    emit.replaced([service("a", "n1")]);
    await answer("n1", ["10.1.0.1"]);
    told();
    emit.replaced([service("a", "n1"), service("b", "n2")]);
    assert.deepEqual(told(), ["add a n1=10.1.0.1", "keep service/||b|", "commit"]);
    await answer("n2", ["10.2.0.1"]);
    assert.deepEqual(told(), ["changed b n2=10.2.0.1"]);
  });

  test("an open one is not told of services it has not named, only because an address changed", async () => {
    const { emit, view, told, answer } = setUp();
    emit.replaced([service("a", "n1"), service("b", "n1")]);
    await answer("n1", ["10.1.0.1"]);
    const listing = emit.listing();
    listing.add(service("a", "n1"));
    told();
    mock.timers.tick(30_000);
    await answer("n1", ["10.1.0.2"]);
    assert.deepEqual(told(), ["changed a n1=10.1.0.2"]);
    listing.commit();
    assert.deepEqual([...view.keys()], [id("a")]);
  });

  test("one that fails leaves nothing untold", async () => {
    const { emit, view, answer } = setUp();
    emit.replaced([service("a", "n1")]);
    await answer("n1", ["10.1.0.1"]);
    const listing = emit.listing();
    mock.timers.tick(30_000);
    await answer("n1", ["10.1.0.2"]);
    assert.deepEqual([...view.values()], ["n1=10.1.0.1"]);
    listing.abandon("lost");
    assert.deepEqual([...view.values()], ["n1=10.1.0.2"]);
  });
});

suite("what an earlier worker told", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  test("stays while the name servers are out, for five minutes", async () => {
    const { emit, told, answer } = setUp([id("a")]);
    emit.replaced([service("a", "n1", "10.0.0.1")]);
    await answer("n1", undefined);
    assert.deepEqual(told(), ["host-name-unresolved n1: no answer; used by a", "keep service/||a|", "commit"]);
    emit.changed(service("a", "n1", "10.0.0.2"));
    emit.replaced([service("a", "n1", "10.0.0.2")]);
    assert.deepEqual(told(), ["keep service/||a|", "commit"]);
    mock.timers.tick(5 * 60_000);
    assert.deepEqual(told(), ["changed a 10.0.0.2=10.0.0.2"]);
  });

  test("gives way to the first answer", async () => {
    const { emit, told, answer } = setUp([id("a")]);
    emit.replaced([service("a", "n1")]);
    await answer("n1", undefined);
    told();
    mock.timers.tick(1_000);
    await answer("n1", ["10.1.0.1"]);
    assert.deepEqual(told(), ["changed a n1=10.1.0.1"]);
  });

  test("gives way to the word that there is no such name", async () => {
    const { emit, told, answer } = setUp([id("a")]);
    emit.replaced([service("a", "n1")]);
    await answer("n1", []);
    assert.deepEqual(told(), ["host-name-unresolved n1: there is no such name; used by a", "changed a", "commit"]);
  });

  test("is gone once a listing lacks it", () => {
    const { emit, told } = setUp([id("a"), id("b")]);
    emit.replaced([service("b", "10.0.0.1")]);
    assert.deepEqual(told(), ["add b 10.0.0.1=10.0.0.1", "commit"]);
  });
});

test("whatever is told and answered, the view becomes what the registry says with the last addresses", async () => {
  const names = ["n1", "n2", "10.0.0.1"];
  const item = fc.tuple(fc.constantFrom("a", "b", "c"), fc.subarray(names)).map(([name, addresses]) => service(name, ...addresses));
  const step = fc.oneof(
    fc.record({ do: fc.constant("changed" as const), item }),
    fc.record({ do: fc.constant("removed" as const), name: fc.constantFrom("a", "b", "c") }),
    fc.record({ do: fc.constant("listing" as const), items: fc.uniqueArray(item, { selector: itemId }), commit: fc.boolean() }),
    fc.record({
      do: fc.constant("answer" as const),
      name: fc.constantFrom("n1", "n2"),
      address: fc.constantFrom("10.1.1.1", "10.2.2.2", undefined),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { emit, view, answer, questions } = setUp();
      const truth = new Map<string, Item>();
      const last = new Map<string, string>();
      const tell = async (name: string, address: string | undefined): Promise<void> => {
        if (!questions.has(name)) return;
        await answer(name, address === undefined ? undefined : [address]);
        // An answer that nobody waits for any more counts for nothing.
        const isUsed = [...truth.values()].some((each) => each.kind === "service" && each.service.instances.some(({ id }) => id === name));
        if (address !== undefined && isUsed) last.set(name, address);
      };
      for (const one of steps) {
        if (one.do === "changed") {
          emit.changed(one.item);
          truth.set(itemId(one.item), one.item);
        } else if (one.do === "removed") {
          emit.removed(id(one.name));
          truth.delete(id(one.name));
        } else if (one.do === "listing") {
          const listing = emit.listing();
          for (const each of one.items) {
            listing.add(each);
            truth.set(itemId(each), each);
          }
          if (!one.commit) listing.abandon("test");
          else {
            listing.commit();
            for (const key of truth.keys()) if (!one.items.some((each) => itemId(each) === key)) truth.delete(key);
          }
        } else await tell(one.name, one.address);
      }
      for (const name of [...questions.keys()]) await tell(name, "10.3.3.3");
      emit.close();
      const shown = (each: Item): string => {
        const addresses = each.kind === "service" ? each.service.instances.map(({ address }) => address) : [];
        return addresses
          .flatMap((address) =>
            address.startsWith("n") ? (last.has(address) ? `${address}=${last.get(address)}` : []) : `${address}=${address}`,
          )
          .join();
      };
      assert.deepEqual([...view].sort(), Array.from(truth, ([key, each]) => [key, shown(each)]).sort());
    }),
    { numRuns: 300 },
  );
});
