/** Drives the `kubernetes` kind in the rig, against any API server that can be started: the fake one or a real one. */
import type { ClusterCredential } from "../../src/clusters/credential.ts";
import type { ApiFailure } from "../../src/registries/kubernetes/connection/api-failure.ts";
import { ClusterConnection } from "../../src/registries/kubernetes/connection/cluster-connection.ts";
import { kubernetesKind } from "../../src/registries/kubernetes/services/kind.ts";
import { FakeKubernetes } from "./fake-kubernetes/server.ts";
import { serviceObject, sliceObject } from "./kubernetes-objects.ts";
import type { RegistryDriver, RegistryServer, RigService } from "./registry-driver.ts";

/** A running API server, with the faults it can play. */
export interface KubernetesInstance {
  /** Of somebody who may read and write everything. */
  readonly credential: ClusterCredential;
  stop(): Promise<void>;
  /** Puts many objects at once, by their paths, past the API. */
  bulk(objects: ReadonlyMap<string, object>): Promise<void>;
  kill?(): Promise<void>;
  revive?(): Promise<void>;
  freeze?(): Promise<void>;
  thaw?(): Promise<void>;
  breakReads?(): Promise<() => Promise<void>>;
}

const namespace = "rig";

/** @param startInstance starts a fresh and empty cluster that has a namespace `rig` */
export function kubernetesDriver(startInstance: () => Promise<KubernetesInstance>): RegistryDriver {
  return {
    session: kubernetesKind.session,
    async start(): Promise<RegistryServer> {
      const instance = await startInstance();
      const { credential, bulk, stop, ...faults } = instance;
      const connection = new ClusterConnection(credential, 10_000);
      const apply = (path: string, object: object) =>
        connection.json({
          path: `${path}?fieldManager=rig&force=true`,
          method: "PATCH",
          body: { type: "application/apply-patch+yaml", text: JSON.stringify(object) },
        });
      const remove = (path: string) =>
        connection.json({ path, method: "DELETE" }).catch((error: ApiFailure) => {
          if (error.status !== 404) throw error;
        });
      return {
        ...faults,
        settings: { ...kubernetesKind.schema.parse({ heartbeat: "1s", watch: "2s" }), cluster: credential },
        key: (name) => ({ namespace, name: slug(name) }),
        async put(service) {
          for (const [path, object] of objectsOf(service)) await apply(path, object);
        },
        bulk: (services) => bulk(new Map(services.flatMap(objectsOf))),
        async removeInstances(name) {
          await remove(slicePath(slug(name)));
        },
        async removeService(name) {
          await remove(servicePath(slug(name)));
          await remove(slicePath(slug(name)));
        },
        async corrupt(name) {
          const alias = `${slug(name)}-alias`;
          const spec = { type: "ExternalName", externalName: "db.example.com" };
          await apply(servicePath(alias), serviceObject(alias, { namespace, ports: [], spec }));
          return "external-name";
        },
        async stop() {
          connection.close();
          await stop.call(instance);
        },
      };
    },
  };
}

/** A server of the fake kind, in this process. */
export async function fakeKubernetesInstance(): Promise<KubernetesInstance> {
  const fake = await FakeKubernetes.start();
  return {
    credential: { id: "east", server: fake.url, priority: 0 },
    stop: () => fake.shutDown(),
    kill: () => fake.shutDown(),
    revive: () => fake.listen(),
    async bulk(objects) {
      for (const [path, object] of objects) {
        fake.objects.put(path.startsWith("/api/v1") ? "services" : "endpointslices.discovery.k8s.io", object as never);
      }
    },
    async freeze() {
      fake.behaviour = "mute";
    },
    async thaw() {
      fake.behaviour = "normal";
    },
    async breakReads() {
      fake.answer = ({ verb, resource }) => (verb === "list" && resource.startsWith("endpointslices") ? 500 : undefined);
      return async () => {
        fake.answer = undefined;
      };
    },
  };
}

/** Names of the rig are no names of Kubernetes. */
function slug(name: string): string {
  return name.toLowerCase().replaceAll(".", "-");
}

function servicePath(name: string): string {
  return `/api/v1/namespaces/${namespace}/services/${name}`;
}

function slicePath(service: string): string {
  return `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices/${service}-1`;
}

function objectsOf({ name, instances }: RigService): [string, object][] {
  const service = slug(name);
  const port = instances[0]?.port ?? 80;
  const endpoints = instances.map(({ address }) => ({ address }));
  // The Service comes last: with it, everything is there.
  return [
    [slicePath(service), sliceObject(service, { namespace, ports: [{ name: "http", port }], endpoints })],
    [servicePath(service), serviceObject(service, { namespace, ports: [{ name: "http", port }] })],
  ];
}
