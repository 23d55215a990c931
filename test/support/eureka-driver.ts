/** Drives the `eureka` kind in the rig, against any server that can be started: the fake one or a real one. */
import { eurekaKind } from "../../src/registries/eureka/kind.ts";
import { EurekaWriter, instanceJson, type Registration } from "./eureka-writer.ts";
import { FakeEureka } from "./fake-eureka/server.ts";
import type { RegistryDriver, RigService } from "./registry-driver.ts";

/** A running server, with the faults it can play. */
export interface EurekaInstance {
  /** What clients are configured with, the same for its whole life. */
  readonly url: string;
  /** Where instances are registered, if not there: a server that comes back shows itself when its clients are back, too. */
  readonly registerAt?: string;
  /** How long it may say nothing; default `2s`. */
  readonly requestTimeout?: string;
  stop(): Promise<void>;
  kill?(): Promise<void>;
  /** @param refill registers everything again: a server that was dead remembers nothing */
  revive?(refill: () => Promise<void>): Promise<void>;
  freeze?(): Promise<void>;
  thaw?(): Promise<void>;
  breakReads?(): Promise<() => Promise<void>>;
  /** Registers many at once, past its API. */
  fill?(instances: readonly Registration[]): void;
  /** Resolves when so many instances are in the copy that it answers with; absent: at once. */
  shows?(instances: number): Promise<void>;
}

/** @param startInstance starts a fresh and empty server */
export function eurekaDriver(startInstance: () => Promise<EurekaInstance>): RegistryDriver {
  return {
    session: eurekaKind.session,
    // A real server makes an answer of 20 MB for the first who asks.
    bulkPatience: 60_000,
    async start() {
      const instance = await startInstance();
      const writer = new EurekaWriter(instance.registerAt ?? instance.url);
      const { kill, revive, freeze, thaw, breakReads, fill, requestTimeout = "2s" } = instance;
      const shown = () => instance.shows?.(writer.size);
      const registrations = ({ name, instances }: RigService) => instances.map(({ address, port }) => ({ app: name, address, port }));
      return {
        settings: eurekaKind.schema.parse({ servers: instance.url, pollInterval: "500ms", requestTimeout }),
        key: (name) => ({ name: name.toLowerCase() }),
        async put(service) {
          const wanted = service.instances.map(({ address, port }) => `${address}:${port}`);
          const gone = writer.idsOf(service.name).filter((id) => !wanted.includes(id));
          await writer.registerAll(registrations(service));
          for (const id of gone) await writer.cancel(service.name, id);
        },
        async bulk(services) {
          const all = services.flatMap(registrations);
          if (fill) fill(all);
          else await writer.registerAll(all);
          await shown();
        },
        async removeInstances(name) {
          for (const id of writer.idsOf(name)) await writer.cancel(name, id);
        },
        async corrupt(name) {
          await writer.register({ app: name, address: "10.0.0.1", port: 99_999 });
          return "bad-port";
        },
        async stop() {
          writer.close();
          await instance.stop();
        },
        ...(kill && { kill }),
        ...(revive && { revive: () => revive(() => writer.registerAgain()) }),
        ...(freeze && { freeze }),
        ...(thaw && { thaw }),
        ...(breakReads && { breakReads }),
      };
    },
  };
}

/** A server of the fake kind, in this process. */
export async function fakeEurekaInstance(): Promise<EurekaInstance> {
  const fake = await FakeEureka.start();
  return {
    url: fake.url,
    stop: () => fake.shutDown(),
    async kill() {
      await fake.shutDown();
      fake.instances.clear();
    },
    async revive(refill) {
      await fake.listen();
      await refill();
    },
    async freeze() {
      fake.fault = () => "mute";
    },
    async thaw() {
      fake.fault = undefined;
    },
    async breakReads() {
      fake.fault = (method) => (method === "GET" ? "cut" : undefined);
      return async () => {
        fake.fault = undefined;
      };
    },
    fill(instances) {
      for (const instance of instances) fake.instances.register(instanceJson(instance));
    },
  };
}
