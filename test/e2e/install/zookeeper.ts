/** Installs the jars of a ZooKeeper server with Maven, from `servers/zookeeper/pom.xml`. */
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import path from "node:path";
import { installFolder, repository } from "./cache.ts";
import { runPackageClient } from "./package-client.ts";

/** @returns the class path; the jars lie in Maven's own repository */
export async function installZooKeeper(): Promise<string> {
  const pom = path.join(repository, "test/e2e/servers/zookeeper/pom.xml");
  const folder = installFolder("zookeeper", [pom]);
  const classPathFile = path.join(folder, "class-path.txt");
  if (!isComplete(classPathFile)) {
    mkdirSync(folder, { recursive: true });
    const unfinished = `${classPathFile}.${process.pid}`;
    await runPackageClient({
      what: "ZooKeeper (Maven)",
      command: "mvn",
      args: ["-B", "-q", "-f", pom, "dependency:build-classpath", "-Dmdep.includeScope=runtime", `-Dmdep.outputFile=${unfinished}`],
      cwd: folder,
    });
    renameSync(unfinished, classPathFile);
  }
  return readFileSync(classPathFile, "utf8").trim();
}

function isComplete(classPathFile: string): boolean {
  if (!existsSync(classPathFile)) return false;
  return readFileSync(classPathFile, "utf8").trim().split(path.delimiter).every(existsSync);
}
