/** The layout of Dubbo's application level, as Java writes it: every service is one that an application of its own offers. */
import type { ZookeeperLayout } from "./zookeeper-writer.ts";

const revision = "835cd30b757fba4a3069042fb4091bc2";

function applicationOf(name: string): string {
  return name.toLowerCase().replaceAll(".", "-");
}

export const dubboApplicationLayout: ZookeeperLayout = {
  root: "/services",
  folder: (name) => `/services/${applicationOf(name)}`,
  node(name, { address, port }) {
    const metadata = {
      "dubbo.endpoints": JSON.stringify([{ port, protocol: "dubbo" }]),
      "dubbo.metadata.revision": revision,
      "dubbo.metadata.storage-type": "remote",
    };
    const id = `${address}:${port}`;
    const payload = { "@class": "org.apache.dubbo.registry.zookeeper.ZookeeperInstance", id, name: applicationOf(name), metadata };
    return { name: id, data: JSON.stringify({ name: applicationOf(name), id, address, port, sslPort: null, payload }) };
  },
  description(name) {
    const service = {
      name,
      path: name,
      protocol: "dubbo",
      params: { application: applicationOf(name), interface: name, side: "provider" },
    };
    const metadata = { app: applicationOf(name), revision, services: { [`${name}:dubbo`]: service } };
    return { path: `/dubbo/metadata/${applicationOf(name)}/${revision}`, data: JSON.stringify(metadata) };
  },
};
