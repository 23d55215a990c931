/** Drives the kinds that read from ZooKeeper in the rig, against any server that can be started: the fake one or a real one. */
import type { RegistryKind } from "../../src/registries/contract.ts";
import { zookeeperKind } from "../../src/registries/zookeeper/dubbo/kind.ts";
import { springZookeeperKind } from "../../src/registries/zookeeper/spring/kind.ts";
import { curatorLayout } from "./curator-layout.ts";
import { dubboApplicationLayout } from "./dubbo-application-layout.ts";
import { op } from "./fake-zookeeper/protocol.ts";
import { FakeZooKeeper } from "./fake-zookeeper/server.ts";
import type { RegistryDriver, RegistryServer, RigService } from "./registry-driver.ts";
import { ZookeeperWriter } from "./zookeeper-writer.ts";

/** A running server, with the faults it can play. */
export interface ZookeeperInstance {
  /** `host:port`, the same for its whole life. */
  readonly address: string;
  stop(): Promise<void>;
  kill?(): Promise<void>;
  revive?(): Promise<void>;
  freeze?(): Promise<void>;
  thaw?(): Promise<void>;
  breakReads?(): Promise<() => Promise<void>>;
}

/**
 * Of the `zookeeper` kind.
 * @param startInstance starts a fresh and empty server
 */
export function zookeeperDriver(startInstance: () => Promise<ZookeeperInstance>): RegistryDriver {
  return {
    session: zookeeperKind.session,
    async start() {
      const instance = await startInstance();
      const writer = new ZookeeperWriter(instance.address);
      return {
        ...serverOf(instance, writer, zookeeperKind),
        removeService: (name) => writer.removeService(name),
        async corrupt(name) {
          await writer.addRaw(name, "dubbo%3A%2F%2F10.0.0.1%3A99999%2Fcom.example.rig.Bad");
          return "bad-port";
        },
      };
    },
  };
}

/**
 * Of the `zookeeper` kind at application level, with metadata in the registry.
 * @param startInstance starts a fresh and empty server
 */
export function dubboApplicationDriver(startInstance: () => Promise<ZookeeperInstance>): RegistryDriver {
  return {
    session: zookeeperKind.session,
    async start() {
      const instance = await startInstance();
      const writer = new ZookeeperWriter(instance.address, dubboApplicationLayout);
      return {
        ...serverOf(instance, writer, zookeeperKind),
        removeService: (name) => writer.removeService(name),
        async corrupt(name) {
          await writer.addRaw(name, "corrupt", '{"name":');
          return "bad-instance";
        },
      };
    },
  };
}

/**
 * Of the `spring-cloud-zookeeper` kind. Nobody removes a service there: the server does it, some time after its last instance.
 * @param startInstance starts a fresh and empty server
 */
export function springZookeeperDriver(startInstance: () => Promise<ZookeeperInstance>): RegistryDriver {
  return {
    session: springZookeeperKind.session,
    async start() {
      const instance = await startInstance();
      const writer = new ZookeeperWriter(instance.address, curatorLayout);
      return {
        ...serverOf(instance, writer, springZookeeperKind),
        async corrupt(name) {
          await writer.addRaw(name, "corrupt", '{"name":');
          return "bad-instance";
        },
      };
    },
  };
}

/** A server of the fake kind, in this process. */
export async function fakeZookeeperInstance(): Promise<ZookeeperInstance> {
  const fake = await FakeZooKeeper.start();
  return {
    address: `127.0.0.1:${fake.port}`,
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
      // Every second of the services there are now.
      const broken = new Set(
        ["/dubbo", "/services"]
          .filter((root) => fake.nodes.has(root))
          .flatMap((root) => [...fake.nodes.get(root).children].filter((_, at) => at % 2 === 1).map((name) => `${root}/${name}`))
          .flatMap((folder) => [folder, `${folder}/providers`]),
      );
      fake.answer = ({ type, path }) => (type === op.getChildren && broken.has(path) ? -1 : undefined);
      return async () => {
        fake.answer = undefined;
      };
    },
  };
}

function serverOf(instance: ZookeeperInstance, writer: ZookeeperWriter, { schema }: Pick<RegistryKind, "schema">): RegistryServer {
  const { kill, revive, freeze, thaw, breakReads } = instance;
  return {
    settings: schema.parse({ servers: instance.address, sessionTimeout: "4s", connectTimeout: "1s" }),
    key: (name) => ({ name }),
    put: (service: RigService) => writer.put(service),
    bulk: (services) => writer.bulk(services),
    removeInstances: (name) => writer.removeInstances(name),
    stop: () => instance.stop(),
    ...(kill && { kill }),
    ...(revive && { revive }),
    ...(freeze && { freeze }),
    ...(thaw && { thaw }),
    ...(breakReads && { breakReads }),
  };
}
