/** Writes what Dubbo applications register at application level into a fake server. */
import type { FakeZooKeeper } from "../../../../support/fake-zookeeper/server.ts";
import type { RecordedSession } from "../../../../support/recorded-session.ts";

export interface Registration {
  readonly revision?: string;
  /** Where its services can be read; Java says `local` also where it reports them. */
  readonly storage?: "local" | "remote";
  readonly payloadClass?: string;
}

export function instanceNode(application: string, host: number): string {
  return `/services/${application}/10.0.0.${host}:20880`;
}

/** As Java writes it, shortened to what matters. */
export function instanceContent(host: number, { revision = "r1", storage = "local", payloadClass }: Registration = {}): Buffer {
  const metadata = {
    "dubbo.endpoints": '[{"port":20880,"protocol":"dubbo"}]',
    "dubbo.metadata.revision": revision,
    "dubbo.metadata.storage-type": storage,
  };
  const payload = { "@class": payloadClass ?? "org.apache.dubbo.registry.zookeeper.ZookeeperInstance", metadata };
  return Buffer.from(JSON.stringify({ name: "any", id: "any", address: `10.0.0.${host}`, port: 20880, payload }));
}

export function join(fake: FakeZooKeeper, application: string, host: number, registration?: Registration): void {
  fake.nodes.ensure(`/services/${application}`);
  fake.nodes.create(instanceNode(application, host), instanceContent(host, registration));
}

export function leave(fake: FakeZooKeeper, application: string, host: number): void {
  fake.nodes.delete(instanceNode(application, host));
}

/** A service in a revision: its name, or more of it. */
export type Offered = string | { readonly name: string; readonly [key: string]: unknown };

/** Writes which services a revision offers, to where Java does unless told otherwise. */
export function publish(
  fake: FakeZooKeeper,
  application: string,
  revision: string,
  services: readonly Offered[],
  parent = "/dubbo/metadata",
): void {
  const written = services.map((service) => (typeof service === "string" ? { name: service } : service));
  const content = Buffer.from(
    JSON.stringify({
      app: application,
      revision,
      services: Object.fromEntries(
        written.map((service, at) => [at, { protocol: "dubbo", port: 20880, params: { side: "provider" }, ...service }]),
      ),
    }),
  );
  const path = `${parent}/${application}/${revision}`;
  fake.nodes.ensure(path);
  fake.nodes.setData(path, content);
}

/** All that was told of a service, as the hosts of its instances: `1 2`. */
export function history(recorded: RecordedSession, name: string): string[] {
  return recorded.told
    .filter(({ text, service }) => text === `service/||${name}|` && service !== undefined)
    .map(({ service }) => hosts(service!.instances.map(({ address }) => address)));
}

/** The hosts of its instances now: `1 2`; undefined if it is not in the view. */
export function now(recorded: RecordedSession, name: string): string | undefined {
  const service = recorded.view.get(`service/||${name}|`);
  return service && hosts(service.instances.map(({ address }) => address));
}

function hosts(addresses: readonly string[]): string {
  return addresses.map((address) => address.slice(address.lastIndexOf(".") + 1)).join(" ");
}
