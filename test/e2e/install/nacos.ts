/** Installs a Nacos server, and the official Java client for a provider, with Maven, from `servers/nacos`. */
import path from "node:path";
import { repository } from "./cache.ts";
import { installJavaProgram } from "./java-program.ts";

const folder = path.join(repository, "test/e2e/servers/nacos");

/** @returns the class path of the server */
export function installNacos(): Promise<string> {
  return installJavaProgram({
    name: "nacos-2.5.0",
    what: "Nacos 2.5.0 (Maven)",
    pom: path.join(folder, "server/pom.xml"),
    sources: [path.join(folder, "server/NacosServer.java")],
  });
}

/** @returns the class path of the provider */
export function installNacosProvider(): Promise<string> {
  return installJavaProgram({
    name: "nacos-provider",
    what: "the Java client of Nacos 2.5.1 (Maven)",
    pom: path.join(folder, "provider/pom.xml"),
    sources: [path.join(folder, "provider/NacosProvider.java")],
  });
}
