/** A Eureka server, and an application that registers itself there: Spring Cloud 2025.0.0 from Maven, each with a main class of ours. */
import path from "node:path";
import { repository } from "./cache.ts";
import { installJavaProgram } from "./java-program.ts";

const servers = path.join(repository, "test/e2e/servers");

/** @returns the class path */
export function installEurekaServer(): Promise<string> {
  return install("eureka-server", "a Eureka server (Maven)", "EurekaServer.java");
}

/** @returns the class path */
export function installEurekaApplication(): Promise<string> {
  return install("eureka-application", "Spring Cloud's Eureka client (Maven)", "Application.java");
}

function install(name: string, what: string, source: string): Promise<string> {
  const folder = path.join(servers, name);
  return installJavaProgram({ name, what, pom: path.join(folder, "pom.xml"), sources: [path.join(folder, source)] });
}
