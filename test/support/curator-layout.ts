/** The layout of Spring Cloud ZooKeeper, as it writes it through Curator. */
import type { RigInstance } from "./registry-driver.ts";
import type { ZookeeperLayout } from "./zookeeper-writer.ts";

/** The content of an instance's node. */
export function instanceNode(
  name: string,
  { address, port }: RigInstance,
  metadata: Readonly<Record<string, string>> = { instance_status: "UP" },
): string {
  const payload = { "@class": "org.springframework.cloud.zookeeper.discovery.ZookeeperInstance", id: name, name, metadata };
  return JSON.stringify({
    name,
    id: `${address}:${port}`,
    address,
    port,
    sslPort: null,
    payload,
    registrationTimeUTC: 1_795_235_582_704,
    serviceType: "DYNAMIC",
    uriSpec: null,
  });
}

export const curatorLayout: ZookeeperLayout = {
  root: "/services",
  folder: (name) => `/services/${name}`,
  node: (name, instance) => ({ name: `${instance.address}:${instance.port}`, data: instanceNode(name, instance) }),
};
