/**
 * The rules every registry kind keeps, as test cases: run against its own server through the real
 * supervisor and a real worker. See `test/support/registry-driver.ts` for what a kind brings.
 */
import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { silentLogger } from "../../src/log/logger.ts";
import type { Fact, IstioResource, Item, Service } from "../../src/registries/service.ts";
import { itemId } from "../../src/registries/service.ts";
import { Supervisor } from "../../src/registries/supervision/supervisor.ts";
import { threadHost } from "../../src/registries/supervision/thread-host.ts";
import type { HostedWorker } from "../../src/registries/supervision/worker-host.ts";
import { type FeedEvent, RecordingFeed } from "../support/recording-feed.ts";
import type { RegistryDriver, RegistryServer, RigService } from "../support/registry-driver.ts";

const registry = "rig";
const orders: RigService = service("com.example.rig.Orders", 1, 2);
const users: RigService = service("com.example.rig.Users", 3);

/**
 * Declares the cases for one kind.
 * @param many services of a large registry: fewer for a fake server whose kind meets all of them at the real one
 */
export function registryConformance(kind: string, driver: RegistryDriver, many = 10_000): void {
  const patience = driver.patience ?? 15_000;

  suite(`registry conformance: ${kind}`, { concurrency: false }, () => {
    rigCase("the first listing gives everything, then says synced", async (rig) => {
      await rig.server.put(orders);
      await rig.server.put(users);
      rig.run();
      await rig.live();
      rig.gives(orders);
      rig.gives(users);
      assert.equal(rig.feed.last?.synced, true);
      assert.ok((rig.feed.last?.lastContact ?? 0) > 0, "the last contact is told");
      assert.deepEqual(
        rig.feed.events.map((event) => event.type).filter((type) => type === "remove"),
        [],
      );
    });

    rigCase("an empty registry is synced too", async (rig) => {
      rig.run();
      await rig.live();
      assert.equal(rig.feed.items.size, 0);
    });

    rigCase("a new service and a changed one arrive, the others stay untouched", async (rig) => {
      await rig.server.put(orders);
      rig.run();
      await rig.live();
      const mark = rig.feed.mark();
      await rig.server.put(users);
      await rig.until("the new service", () => rig.addresses(users.name) === addresses(users));
      const more = service(users.name, 3, 4);
      await rig.server.put(more);
      await rig.until("the new instance", () => rig.addresses(users.name) === addresses(more));
      const fewer = service(users.name, 4);
      await rig.server.put(fewer);
      await rig.until("the instance's removal", () => rig.addresses(users.name) === addresses(fewer));
      const touched = new Set(rig.feed.since(mark).flatMap((event) => ("id" in event ? [event.id] : [])));
      assert.deepEqual([...touched], [rig.id(users.name)]);
    });

    rigCase("nothing new is said while nothing changes", async (rig) => {
      await rig.server.put(orders);
      rig.run();
      await rig.live();
      const mark = rig.feed.mark();
      rig.supervisor.relist(registry);
      await rig.until("the listing asked for", () => rig.feed.since(mark).some(({ type }) => type === "listed"));
      assert.deepEqual(rig.shrinking(mark), []);
      assert.equal(rig.feed.since(mark).filter(({ type }) => type === "upsert").length, 0);
    });

    rigCase("the last instance gone leaves the service empty or removed, and touches no other", async (rig) => {
      await rig.server.put(orders);
      await rig.server.put(users);
      rig.run();
      await rig.live();
      await rig.server.removeInstances(users.name);
      await rig.until("the service without instances", () => (rig.service(users.name)?.instances.length ?? 0) === 0);
      rig.gives(orders);
    });

    rigCase("a service gone is removed", { needs: "removeService" }, async (rig) => {
      await rig.server.put(orders);
      await rig.server.put(users);
      rig.run();
      await rig.live();
      await rig.server.removeService?.(users.name);
      await rig.until("the removal", () => rig.service(users.name) === undefined);
      rig.gives(orders);
    });

    rigCase("a dead server is stale, keeps everything, and its changes arrive when it is back", { needs: "kill" }, async (rig) => {
      await rig.server.put(orders);
      rig.run();
      await rig.live();
      const mark = rig.feed.mark();
      const epoch = rig.feed.last?.epoch ?? 0;
      await rig.server.kill?.();
      await rig.stale();
      assert.ok(rig.feed.last?.reason, "the reason is told");
      assert.equal(rig.feed.last?.epoch, epoch + 1, "the loss is a new epoch, at once");
      rig.gives(orders);
      await rig.server.revive?.();
      await rig.live();
      await rig.server.put(users);
      await rig.until("a change after it is back", () => rig.addresses(users.name) === addresses(users));
      rig.gives(orders);
      assert.deepEqual(rig.shrinking(mark), [], "nothing was removed meanwhile");
      assert.equal(rig.feed.last?.restarts, 0, "the worker lived through it");
    });

    rigCase("a server that is dead at the start is waited for", { needs: "kill" }, async (rig) => {
      await rig.server.put(orders);
      await rig.server.kill?.();
      rig.run();
      await rig.until("the reason", () => rig.feed.last?.reason !== undefined);
      assert.equal(rig.feed.last?.phase, "starting");
      await rig.server.revive?.();
      await rig.live();
      rig.gives(orders);
    });

    rigCase("a server that says nothing any more is noticed", { needs: "freeze" }, async (rig) => {
      await rig.server.put(orders);
      rig.run();
      await rig.live();
      const mark = rig.feed.mark();
      await rig.server.freeze?.();
      await rig.stale();
      rig.gives(orders);
      await rig.server.thaw?.();
      await rig.live();
      rig.gives(orders);
      assert.deepEqual(rig.shrinking(mark), []);
    });

    rigCase("a reading that fails half-way removes nothing", { needs: "breakReads" }, async (rig) => {
      await rig.server.put(orders);
      await rig.server.put(users);
      rig.run();
      await rig.live();
      const mark = rig.feed.mark();
      const heal = await rig.server.breakReads?.();
      rig.supervisor.relist(registry);
      // Or the fault would prove nothing.
      await rig.until("the failed reading", () => rig.feed.since(mark).some(isFailure));
      rig.gives(orders);
      rig.gives(users);
      const more = service("com.example.rig.Later", 5);
      await rig.server.put(more);
      await heal?.();
      await rig.until("what came meanwhile", () => rig.addresses(more.name) === addresses(more));
      await rig.live();
      rig.gives(orders);
      rig.gives(users);
      assert.deepEqual(rig.shrinking(mark), []);
    });

    rigCase("garbage among good data costs only itself and is named", { needs: "corrupt" }, async (rig) => {
      await rig.server.put(orders);
      const code = (await rig.server.corrupt?.(orders.name)) ?? "";
      rig.run();
      await rig.live();
      await rig.until("the problem", () => rig.feed.problems(code).length > 0);
      rig.gives(orders);
      const [problem] = rig.feed.problems(code);
      assert.ok(problem?.where && problem.message, "the problem says where and what");
      await rig.server.put(users);
      await rig.until("a change after it", () => rig.addresses(users.name) === addresses(users));
    });

    rigCase("garbage that arrives later takes nothing away", { needs: "corrupt" }, async (rig) => {
      await rig.server.put(orders);
      await rig.server.put(users);
      rig.run();
      await rig.live();
      const mark = rig.feed.mark();
      const code = (await rig.server.corrupt?.(orders.name)) ?? "";
      await rig.until("the problem", () => rig.feed.problems(code).length > 0);
      await rig.server.put(service(users.name, 3, 4));
      await rig.until("a change after it", () => rig.addresses(users.name) === addresses(service(users.name, 3, 4)));
      rig.gives(orders);
      assert.deepEqual(rig.shrinking(mark), []);
    });

    rigCase("a killed worker is replaced, and what vanished meanwhile goes with the next listing only", async (rig) => {
      await rig.server.put(orders);
      await rig.server.put(users);
      rig.run();
      await rig.live();
      const mark = rig.feed.mark();
      rig.killWorker();
      await rig.stale();
      await rig.server.removeInstances(users.name);
      await rig.server.removeService?.(users.name);
      rig.gives(users);
      await rig.live();
      await rig.until("the vanished instances", () => (rig.service(users.name)?.instances.length ?? 0) === 0);
      rig.gives(orders);
      assert.equal(rig.feed.last?.restarts, 1);
      assert.deepEqual(
        rig.feed.since(mark).filter(({ type }) => type === "remove"),
        [],
      );
    });

    rigCase(`${many} services are listed, and one change among them is one event`, async (rig) => {
      const services = Array.from({ length: many }, (_, index) => service(`com.example.rig.Many${index}`, index, index + 1));
      await rig.server.bulk(services);
      await rig.server.put(users);
      rig.run();
      await rig.live(driver.bulkPatience ?? 30_000);
      assert.equal(rig.feed.items.size, many + 1);
      rig.gives(services[0] as RigService);
      rig.gives(services.at(-1) as RigService);
      // One registration: where instances are registered one by one, several may be told so.
      const changed = service(users.name, 3, 4);
      const mark = rig.feed.mark();
      await rig.server.put(changed);
      await rig.until("the change", () => rig.addresses(changed.name) === addresses(changed));
      assert.deepEqual(
        rig.feed.since(mark).flatMap((event) => (event.type === "upsert" ? [event.id] : [])),
        [rig.id(changed.name)],
      );
    });

    rigCase("Istio objects are carried as they are", { needs: "putResource" }, async (rig) => {
      const resource: IstioResource = {
        apiVersion: "networking.istio.io/v1",
        kind: "ServiceEntry",
        metadata: { name: "rig", namespace: "rig-system" },
        spec: { hosts: ["rig.example.com"], resolution: "DNS", ports: [{ number: 443, name: "tls", protocol: "TLS" }] },
      };
      await rig.server.putResource?.(resource);
      rig.run();
      await rig.live();
      assert.deepEqual(rig.feed.item(itemId({ kind: "resource", resource })), { kind: "resource", resource });
    });

    rigCase("facts are carried as they are", { needs: "putFact" }, async (rig) => {
      const fact: Fact = { subject: "address", name: "10.0.0.1", network: "n1", labels: { app: "rig" }, sidecar: true };
      await rig.server.putFact?.(fact);
      rig.run();
      await rig.live();
      assert.deepEqual(rig.feed.item(itemId({ kind: "fact", fact })), { kind: "fact", fact });
    });

    rigCase("the worker ends within a second", async (rig) => {
      await rig.server.put(orders);
      rig.run();
      await rig.live();
      const begin = performance.now();
      await rig.supervisor.stop();
      assert.ok(performance.now() - begin < 1_000);
    });
  });

  function rigCase(name: string, body: (rig: Rig) => Promise<void>): void;
  function rigCase(name: string, options: { needs: keyof RegistryServer }, body: (rig: Rig) => Promise<void>): void;
  function rigCase(
    name: string,
    first: { needs: keyof RegistryServer } | ((rig: Rig) => Promise<void>),
    second?: (rig: Rig) => Promise<void>,
  ): void {
    const needs = typeof first === "function" ? undefined : first.needs;
    const body = typeof first === "function" ? first : second;
    test(name, async (context: TestContext) => {
      const rig = new Rig(await driver.start(), driver, patience);
      try {
        if (needs && !rig.server[needs]) context.skip(`${kind} has no ${needs}`);
        else await body?.(rig);
      } finally {
        await rig.end();
      }
    });
  }
}

/** One server, one supervisor, and the questions the cases ask. */
class Rig {
  readonly server: RegistryServer;
  readonly feed = new RecordingFeed();
  readonly supervisor: Supervisor;
  readonly #driver: RegistryDriver;
  readonly #patience: number;
  #worker: HostedWorker | undefined;

  constructor(server: RegistryServer, driver: RegistryDriver, patience: number) {
    this.server = server;
    this.#driver = driver;
    this.#patience = patience;
    this.supervisor = new Supervisor(this.feed, silentLogger, {
      backOff: { firstMs: 300, mostMs: 300 },
      host: {
        start: (...how) => {
          this.#worker = threadHost.start(...how);
          return this.#worker;
        },
      },
    });
  }

  run(): void {
    this.supervisor.add({ id: registry, session: this.#driver.session, settings: this.server.settings });
  }

  /** Ends the worker behind the supervisor's back. */
  killWorker(): void {
    this.#worker?.terminate();
  }

  live(ms = this.#patience): Promise<void> {
    return this.feed.until("live", () => this.feed.last?.phase === "live", ms);
  }

  stale(): Promise<void> {
    return this.feed.until("stale", () => this.feed.last?.phase === "stale", this.#patience);
  }

  until(what: string, condition: () => boolean): Promise<void> {
    return this.feed.until(what, condition, this.#patience);
  }

  id(name: string): string {
    return itemId({ kind: "service", service: { key: this.server.key(name), instances: [] } });
  }

  service(name: string): Service | undefined {
    return this.feed.service(this.server.key(name));
  }

  /** The service's instances as `address:port`, sorted and joined; undefined if it is not known. */
  addresses(name: string): string | undefined {
    const found = this.service(name);
    if (!found) return undefined;
    const at = ({ address, ports }: Service["instances"][number]) => ports.map(({ number }) => `${address}:${number}`);
    return found.instances.flatMap(at).sort().join(" ");
  }

  gives(expected: RigService): void {
    assert.equal(this.addresses(expected.name), addresses(expected), expected.name);
  }

  /** What a downstream without protection would have lost since the mark. */
  shrinking(mark: number): readonly string[] {
    const known = new Map<string, number>();
    const lost: string[] = [];
    const forget = (id: string) => {
      if (known.delete(id)) lost.push(id);
    };
    for (const [at, event] of this.feed.events.entries()) {
      this.#replay(event, known, forget, lost);
      if (at < mark) lost.length = 0;
    }
    return lost;
  }

  #replay(event: FeedEvent, known: Map<string, number>, forget: (id: string) => void, lost: string[]): void {
    if (event.type === "upsert") {
      const item = JSON.parse(event.text) as Item;
      const size = item.kind === "service" ? item.service.instances.length : 0;
      if (size < (known.get(event.id) ?? 0)) lost.push(`${event.id} (fewer instances)`);
      known.set(event.id, size);
    } else if (event.type === "remove") forget(event.id);
    else if (event.type === "listed") for (const id of [...known.keys()]) if (!event.ids.has(id)) forget(id);
  }

  async end(): Promise<void> {
    await this.supervisor.stop();
    await this.server.stop();
  }
}

/** Whether an event says that something could not be read. */
function isFailure(event: FeedEvent): boolean {
  return event.type === "problem" || (event.type === "status" && event.status.phase !== "live");
}

/** A service whose instances are told apart by a number. */
function service(name: string, ...numbers: number[]): RigService {
  const instances = numbers.map((number) => ({
    address: `10.${(number >> 14) & 255}.${(number >> 7) & 127}.${(number & 127) + 1}`,
    port: 20_880,
  }));
  return { name, instances };
}

function addresses({ instances }: RigService): string {
  return instances
    .map(({ address, port }) => `${address}:${port}`)
    .sort()
    .join(" ");
}
