/** Three replicas on the same registries, started at different times while those change: they serve the same bytes. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { DubboInNacos, namedAsInZooKeeper } from "./aggregator/dubbo-in-nacos.ts";
import { firstAnswer, type ServedState } from "./aggregator/served-state.ts";
import { DubboWriter } from "./servers/dubbo-writer.ts";
import { eventually } from "./servers/eventually.ts";
import { FileCatalog } from "./servers/file-catalog.ts";
import { freeIstiodPorts } from "./servers/istiod.ts";
import { Nacos } from "./servers/nacos.ts";
import { Tributary } from "./servers/tributary.ts";
import { ZooKeeper } from "./servers/zookeeper.ts";

const interfaces = 30;
const nameOf = (at: number) => `com.acme.Replica${at}Facade`;
const merging = {
  rules: [
    { hosts: ["com.acme.replica1*"], policy: "weighted", shares: { zookeeper: 30, nacos: 70 } },
    { hosts: ["com.acme.replica2*"], policy: "shadow" },
    { labels: { application: "late-*" }, policy: "first", registries: ["nacos"] },
  ],
  sameAs: [{ host: "service-0.file", services: [{ host: "service-3.file" }] }],
};

suite("three replicas on the same registries", { concurrency: false }, () => {
  let zookeeper: ZooKeeper;
  let nacos: Nacos;
  let writer: DubboWriter;
  let inNacos: DubboInNacos;
  const files = new FileCatalog({ services: 30 });
  const replicas: Tributary[] = [];
  let rounds = 0;

  before(async () => {
    [zookeeper, nacos] = await Promise.all([ZooKeeper.start(), Nacos.start()]);
    writer = await DubboWriter.connect(zookeeper.address, 300_000);
    inNacos = await DubboInNacos.connect(nacos);
    await change();
  });

  after(async () => {
    for (const replica of replicas) await replica.stop();
    inNacos?.close();
    await writer?.close();
    await Promise.all([nacos?.stop(), zookeeper?.stop()]);
    files.remove();
  });

  test("started at different times, they serve byte-equal resources of equal versions", async () => {
    for (let replica = 0; replica < 3; replica++) {
      await start();
      await change();
    }
    await agree();
  });

  test("one that is killed and started again agrees with the others", async () => {
    await replicas[0]!.kill();
    await change();
    await replicas[0]!.restart();
    await agree();
  });

  async function start(): Promise<void> {
    const tributary = await Tributary.start({
      registries: [
        { id: "zookeeper", type: "zookeeper", servers: zookeeper.address },
        { id: "nacos", type: "nacos", servers: nacos.address, listInterval: "1s", naming: namedAsInZooKeeper },
        files.registry,
      ],
      merging,
      istiod: await freeIstiodPorts(),
    });
    replicas.push(tributary);
    await eventually("its first answer", async () => (await firstAnswer(tributary.address)).size > interfaces);
  }

  /** Providers come, change and move, in every registry; no service loses its last one. */
  async function change(): Promise<void> {
    const round = ++rounds;
    for (let at = 0; at < interfaces; at++) {
      const application = at % 7 === 0 ? `late-${round}` : "order-center";
      const parameters = { weight: String(100 + ((at * round) % 50)), dynamic: "false" };
      const provider = { interface: nameOf(at), host: `10.70.${at}.${round}`, port: 20880, application, parameters };
      await writer.register(provider);
      await inNacos.put(nameOf(at), [`10.70.${at}.${round}:20880`, `10.71.${at}.${round}:20880`], {
        application,
        weight: String(100 + round),
      });
    }
    for (let changes = 0; changes < 10; changes++) files.change();
    files.touch();
    files.write();
  }

  /** Waits until all hold what was changed last, and compares everything. */
  async function agree(): Promise<void> {
    const last = `com.acme.replica5facade.dubbo 10.71.5.${rounds}:20880`;
    const digests = await eventually("all are of one state", async () => {
      const states = await Promise.all(replicas.map(({ address }) => firstAnswer(address)));
      const found = await Promise.all(
        replicas.map(async (replica) => (await replica.metrics()).find("tributary_state_digest")[0]?.labels.digest),
      );
      return states.every((state) => holds(state, last)) && new Set(found).size === 1 && found;
    });
    assert.ok(digests[0]);
    const [first, ...others] = await Promise.all(replicas.map(({ address }) => firstAnswer(address)));
    assert.ok(first!.size > interfaces);
    for (const other of others) assert.deepEqual(Object.fromEntries(other), Object.fromEntries(first!));
  }
});

function holds(state: ServedState, endpoint: string): boolean {
  return [...state.values()].some(({ endpoints }) => endpoints.includes(endpoint));
}
