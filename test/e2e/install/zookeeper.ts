/** Installs the jars of a ZooKeeper server with Maven, from `servers/zookeeper/pom.xml`. */
import path from "node:path";
import { installFolder, repository } from "./cache.ts";
import { installClassPath } from "./class-path.ts";

/** The pom's own, which most tests use, and the last line before it. */
export type ZooKeeperVersion = "3.9.3" | "3.8.4";

/** @returns the class path */
export function installZooKeeper(version: ZooKeeperVersion = "3.9.3"): Promise<string> {
  const pom = path.join(repository, "test/e2e/servers/zookeeper/pom.xml");
  const folder = installFolder(`zookeeper-${version}`, [pom]);
  return installClassPath({ what: `ZooKeeper ${version} (Maven)`, pom, folder, properties: [`zookeeper.version=${version}`] });
}
