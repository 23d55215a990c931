/** Drives the `sofa` kind in the rig, against any server that can be started: the fake one or a real one. */
import type { HostPort } from "../../src/registries/host-port.ts";
import { readHostPort } from "../../src/registries/host-port.ts";
import type { DataInfoId } from "../../src/registries/sofa/data-info-id.ts";
import { sofaKind } from "../../src/registries/sofa/kind.ts";
import { forEachLimited } from "../../src/registries/task-pool.ts";
import { FakeSofaRegistry } from "./fake-sofa/server.ts";
import type { RegistryDriver, RegistryServer, RigService } from "./registry-driver.ts";
import { SofaPublisher } from "./sofa-publisher.ts";

/** A running server, with the faults it can play. */
export interface SofaInstance {
  /** Of its HTTP pages, `host:port`. */
  readonly endpoint: string;
  readonly session: HostPort;
  /** Another way to the session server, which the registry is to take, `host:port`. */
  readonly gate?: string;
  /** Of the data server's pages, `host:port`. */
  readonly dataServer: string;
  /** In which everything is published; others may share the server. */
  readonly group?: string;
  stop(): Promise<void>;
  kill?(): Promise<void>;
  /** @param republished resolves when everything is published again: a server that was dead remembers nothing */
  revive?(republished: () => Promise<void>): Promise<void>;
  freeze?(): Promise<void>;
  thaw?(): Promise<void>;
  breakReads?(): Promise<() => Promise<void>>;
}

/** @param startInstance gives a server in which nothing is published in its group; `settings`: further ones; `patience`: the rig's, ms */
export function sofaDriver(
  startInstance: () => Promise<SofaInstance>,
  settings: Readonly<Record<string, unknown>> = {},
  patience = 15_000,
): RegistryDriver {
  return {
    session: sofaKind.session,
    patience,
    bulkPatience: 2 * patience,
    async start() {
      const instance = await startInstance();
      const publisher = new SofaPublisher(instance.session);
      const { endpoint, gate, dataServer, group = "SOFA", kill, revive, freeze, thaw, breakReads } = instance;
      const idOf = (name: string, tag = "DEFAULT"): DataInfoId => ({
        dataId: `${name}:1.0@${tag}`,
        instanceId: "DEFAULT_INSTANCE_ID",
        group,
      });
      const server: RegistryServer = {
        settings: sofaKind.schema.parse({
          endpoints: endpoint,
          ...(gate && { sessions: gate }),
          dataServers: dataServer,
          heartbeatInterval: "1s",
          refreshInterval: "500ms",
          requestTimeout: "2s",
          groups: [group],
          ...settings,
        }),
        key: (name) => ({ ...(group !== "SOFA" && { group }), name }),
        put: (service) => publisher.publish(idOf(service.name), dataOf(service)),
        // With more at a time a real server is too busy to take them.
        bulk: (services) => forEachLimited(services, 256, (service) => publisher.publish(idOf(service.name), dataOf(service))),
        removeInstances: (name) => publisher.unpublish(idOf(name)),
        async corrupt(name) {
          await publisher.publish(idOf(name, "tri"), ["10.0.0.1:99999?weight=1"]);
          return "bad-port";
        },
        async stop() {
          publisher.close();
          await instance.stop();
        },
        ...(kill && { kill }),
        ...(revive && { revive: () => revive(() => publisher.publishAgain()) }),
        ...(freeze && { freeze }),
        ...(thaw && { thaw }),
        ...(breakReads && { breakReads }),
      };
      return server;
    },
  };
}

/** A server of the fake kind, in this process. */
export async function fakeSofaInstance(): Promise<SofaInstance> {
  const fake = await FakeSofaRegistry.start();
  return {
    endpoint: fake.endpoint,
    session: readHostPort(fake.session, 0)!,
    dataServer: fake.endpoint,
    stop: () => fake.shutDown(),
    kill: () => fake.shutDown(),
    revive: () => fake.listen(),
    async freeze() {
      fake.behaviour = "mute";
    },
    async thaw() {
      fake.behaviour = "normal";
    },
    async breakReads() {
      const pages = ["/digest/getDataInfoIdList", "/digest/datum/getDataInfoIdList"];
      for (const id of fake.publications.ids.filter((_, at) => at % 2 === 1)) fake.unpushed.add(id);
      for (const page of pages) fake.pages.set(page, 500);
      return async () => {
        fake.unpushed.clear();
        for (const page of pages) fake.pages.delete(page);
        fake.openPush();
      };
    },
  };
}

function dataOf({ instances }: RigService): string[] {
  return instances.map(({ address, port }) => `${address}:${port}?weight=100&appName=rig&p=1&v=4.0`);
}
