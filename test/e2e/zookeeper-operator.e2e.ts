/** An operator's word about a real ZooKeeper: said by the command, seen by istiod, kept over a restart. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { ServiceEntrySchema } from "../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import { FakeIstiod } from "../support/fake-istiod.ts";
import { DubboWriter, type Provider } from "./servers/dubbo-writer.ts";
import { eventually } from "./servers/eventually.ts";
import { freeIstiodPorts } from "./servers/istiod.ts";
import { Tributary } from "./servers/tributary.ts";
import { ZooKeeper } from "./servers/zookeeper.ts";

const service = "tributary/com.acme.order.api.orderfacade.dubbo";
const instance = (number: number): Provider => ({ interface: "com.acme.order.api.OrderFacade", host: `10.20.1.${number}`, port: 20880 });

suite("an operator's word, with a real ZooKeeper", { concurrency: false }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), "operator-"));
  let zookeeper: ZooKeeper;
  let providers: DubboWriter;
  let tributary: Tributary;
  let istiod: FakeIstiod;

  before(async () => {
    zookeeper = await ZooKeeper.start();
    providers = await DubboWriter.connect(zookeeper.address, 120_000);
    for (const number of [1, 2, 3, 4]) await providers.register(instance(number));
    tributary = await Tributary.start({
      registries: [
        { id: "zk", type: "zookeeper", servers: zookeeper.address, protection: { serviceRemovalEndpoints: 3, massRemovalHold: "10m" } },
      ],
      istiod: await freeIstiodPorts(),
      lastKnownGood: folder,
    });
    istiod = new FakeIstiod({ target: tributary.address }).start();
    await serves(1, 2, 3, 4);
    await eventually("the registry is live", () => tributary.isIn("live", "zk"));
  });

  after(async () => {
    istiod?.stop();
    await tributary?.stop();
    await providers?.close();
    await zookeeper?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Just these instances, at istiod. */
  function serves(...numbers: readonly number[]): Promise<void> {
    const wanted = numbers.map((number) => instance(number).host).sort();
    const isServed = () => {
      const body = istiod.store("ServiceEntry").get(service)?.body;
      const { endpoints } = fromBinary(ServiceEntrySchema, body ?? new Uint8Array());
      return (
        endpoints
          .map(({ address }) => address)
          .sort()
          .join() === wanted.join()
      );
    };
    return istiod.waitFor(isServed, 5_000);
  }

  test("frozen, it takes what is new and loses nothing, also over a restart; unfrozen, it honours what it lost", async () => {
    assert.match(await tributary.say("freeze", "zk"), /zk/);
    await providers.unregister(instance(1));
    await providers.register(instance(5));
    await serves(1, 2, 3, 4, 5);
    await tributary.restart();
    await eventually("the registry is live", () => tributary.isIn("live", "zk"));
    await serves(1, 2, 3, 4, 5);
    assert.match(await tributary.say("status"), /FROZEN by/);
    await tributary.say("unfreeze", "zk");
    await tributary.say("release", "zk");
    await serves(2, 3, 4, 5);
  });

  test("paused, it has no session and serves what it had; resumed, it reads everything anew", async () => {
    await tributary.say("pause", "zk");
    await eventually("only the providers' session is left", async () => {
      // The client that asks is told as well, without a session.
      const sessions = (await zookeeper.command("cons")).matchAll(/sid=0x[0-9a-f]*[1-9a-f]/g);
      return Array.from(sessions).length === 1;
    });
    await providers.register(instance(6));
    await serves(2, 3, 4, 5);
    await tributary.say("resume", "zk");
    await serves(2, 3, 4, 5, 6);
    await eventually("the registry is live", () => tributary.isIn("live", "zk"));
  });

  test("a service that lost most of its instances at once keeps them until it is released", async () => {
    for (const number of [2, 3, 4]) await providers.unregister(instance(number));
    await providers.register(instance(7));
    await serves(2, 3, 4, 5, 6, 7);
    assert.match(await tributary.why(service.slice("tributary/".length)), /held|hold/);
    await tributary.say("release", "zk");
    await serves(5, 6, 7);
  });
});
