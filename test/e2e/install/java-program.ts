/** Compiles a small program of ours against the jars that its pom names. */
import { existsSync, renameSync } from "node:fs";
import path from "node:path";
import { installFolder } from "./cache.ts";
import { installClassPath } from "./class-path.ts";
import { runPackageClient } from "./package-client.ts";

export interface JavaProgram {
  /** Of its folder in the cache. */
  readonly name: string;
  /** For people: `Dubbo 3.3.6 (Maven)`. */
  readonly what: string;
  readonly pom: string;
  readonly sources: readonly string[];
}

/**
 * @returns the class path, its own classes first
 * @throws MissingTool, RefusedPackage, FailedInstall
 */
export async function installJavaProgram({ name, what, pom, sources }: JavaProgram): Promise<string> {
  const folder = installFolder(name, [pom, ...sources]);
  const jars = await installClassPath({ what, pom, folder });
  const classes = path.join(folder, "classes");
  if (!existsSync(classes)) {
    const unfinished = `${classes}.${process.pid}`;
    await runPackageClient({ what: `${what}: ${name}`, command: "javac", args: ["-cp", jars, "-d", unfinished, ...sources], cwd: folder });
    renameSync(unfinished, classes);
  }
  return [classes, jars].join(path.delimiter);
}
