/** A large registry that changes all the time: whether every change arrives, and what it makes us ask of ZooKeeper. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, type Figure, named, type Target } from "./figure.ts";
import { type Load, nameOf, sustain } from "./load/sustained-load.ts";
import { withDubbo, withServer } from "./load/with-dubbo.ts";
import { zooKeeperUsage } from "./measuring/zookeeper-usage.ts";

/** Until the consumers are read, too, in ms after the first answer. */
const settle = 5_000;

export interface ZookeeperFloodOptions {
  readonly name: string;
  readonly interfaces: number;
  readonly load: Load;
  /** By name of the figure without the bench's. */
  readonly targets: Readonly<Record<string, Target>>;
}

export function zookeeperFlood({ name, interfaces, load, targets }: ZookeeperFloodOptions): Bench {
  return named(name, targets, ({ say }) =>
    withDubbo(interfaces, say, ({ zooKeeper, tree, registries }) =>
      withServer({ registries, protocol: "delta", probe: true }, async (server, client): Promise<Figure[]> => {
        const listings = async () => (await server.metrics()).sum("tributary_registry_events_total", { event: "listing" });
        await client.connect(server.xdsPort);
        await sleep(settle);
        const [before, listingsBefore] = [await zooKeeperUsage(zooKeeper), await listings()];
        const figures = await sustain(tree, server, client, say, load);
        const after = await zooKeeperUsage(zooKeeper);
        const changes = load.perSecond * (load.seconds + (load.warmUp ?? 0));
        return [
          ...figures,
          { name: `${nameOf(load)}: complete listings`, value: (await listings()) - listingsBefore, unit: "" },
          { name: `${nameOf(load)}: requests to ZooKeeper per change`, value: (after.requests - before.requests) / changes, unit: "" },
          { name: "watches at ZooKeeper", value: after.watches, unit: "" },
        ];
      }),
    ),
  );
}
