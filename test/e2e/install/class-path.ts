/** Brings the jars of a pom's runtime dependencies with Maven; they lie in Maven's own repository. */
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import path from "node:path";
import { runPackageClient } from "./package-client.ts";

export interface Dependencies {
  /** For people: `ZooKeeper (Maven)`. */
  readonly what: string;
  readonly pom: string;
  /** The installation's folder; what is there already is not asked for again. */
  readonly folder: string;
  /** Given to Maven in place of what the pom says: `zookeeper.version=3.8.4`. */
  readonly properties?: readonly string[];
}

/** @throws MissingTool, RefusedPackage, FailedInstall */
export async function installClassPath({ what, pom, folder, properties = [] }: Dependencies): Promise<string> {
  const classPathFile = path.join(folder, "class-path.txt");
  if (!isComplete(classPathFile)) {
    mkdirSync(folder, { recursive: true });
    const unfinished = `${classPathFile}.${process.pid}`;
    const options = ["includeScope=runtime", `outputFile=${unfinished}`].map((option) => `-Dmdep.${option}`);
    await runPackageClient({
      what,
      command: "mvn",
      args: ["-B", "-q", "-f", pom, "dependency:build-classpath", ...options, ...properties.map((property) => `-D${property}`)],
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
