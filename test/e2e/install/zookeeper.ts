/** Installs the jars of a ZooKeeper server with Maven, from `servers/zookeeper/pom.xml`. */
import path from "node:path";
import { installFolder, repository } from "./cache.ts";
import { installClassPath } from "./class-path.ts";

/** The pom's own, which most tests use; the line before it; and the last line without recursive watches. */
export type ZooKeeperVersion = "3.9.3" | "3.8.4" | "3.5.10";

/** @returns the class path */
export function installZooKeeper(version: ZooKeeperVersion = "3.9.3"): Promise<string> {
  const pom = path.join(repository, "test/e2e/servers/zookeeper/pom.xml");
  const folder = installFolder(`zookeeper-${version}`, [pom]);
  return installClassPath({ what: `ZooKeeper ${version} (Maven)`, pom, folder, properties: [`zookeeper.version=${version}`] });
}
