/** Installs a SOFARegistry and an application of its official Java client with Maven. */
import path from "node:path";
import { repository } from "./cache.ts";
import { installJavaProgram } from "./java-program.ts";

const servers = path.join(repository, "test/e2e/servers");

/** @returns the class path of the server with our launcher */
export function installSofaRegistry(): Promise<string> {
  return install("sofa-registry", "SOFARegistry 6.3.0 (Maven)", "Launcher.java");
}

/** @returns the class path of the publishing application */
export function installSofaPublisher(): Promise<string> {
  return install("sofa-publisher", "SOFARegistry's Java client 6.3.0 (Maven)", "Publisher.java");
}

function install(name: string, what: string, source: string): Promise<string> {
  const folder = path.join(servers, name);
  return installJavaProgram({ name, what, pom: path.join(folder, "pom.xml"), sources: [path.join(folder, source)] });
}
