/** The frameworks whose applications register themselves in ZooKeeper: how each is installed and started. */
import path from "node:path";
import { repository } from "../install/cache.ts";
import { installDubboGo } from "../install/dubbo-go.ts";
import { installJavaProgram } from "../install/java-program.ts";

/** One instance of an application: where it says that it is, and where it says so. */
export interface Placement {
  readonly application: string;
  /** The registered address; nobody connects to it. */
  readonly host: string;
  readonly port: number;
  /** ZooKeepers, each as `host:port,host:port`. */
  readonly registries: readonly string[];
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Framework {
  /** With its version, as the fault table says it. */
  readonly name: string;
  readonly tools: readonly (readonly [command: string, ...versionArguments: string[]])[];
  /** Builds it into the cache if need be. */
  readonly install: () => Promise<string>;
  /** @param installed what `install` gave */
  readonly command: (installed: string, placement: Placement, level: Level) => Command;
}

/** How a Dubbo provider registers; the frameworks' own defaults are `all` for Java and `instance` for Go. */
export type Level = "interface" | "instance" | "all";

/** ms; a framework's own default is up to a minute, and outages here must outlast it. dubbo-go's is always 5 s. */
const sessionTimeout = "10000";

const servers = path.join(repository, "test/e2e/servers");
const jvm = ["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
const java: Framework["tools"] = [
  ["javac", "-version"],
  ["mvn", "-version"],
];

export const dubbo33 = dubboJava("Dubbo 3.3.6", "3.3");
export const dubbo27 = dubboJava("Dubbo 2.7.23", "2.7");

export const dubboGo: Framework = {
  name: "dubbo-go 3.3.1",
  tools: [["go", "version"]],
  install: installDubboGo,
  command: (binary, { application, host, port, registries }, level) => ({
    command: binary,
    args: [application, host, String(port), level, ...registries],
  }),
};

export const springCloud: Framework = {
  name: "Spring Cloud 2025.0.0",
  tools: java,
  install: () =>
    installJavaProgram({
      name: "spring-application",
      what: "Spring Cloud ZooKeeper (Maven)",
      pom: path.join(servers, "spring-application/pom.xml"),
      sources: [path.join(servers, "spring-application/Application.java")],
    }),
  command: (classPath, { application, host, port, registries }) => ({
    command: "java",
    args: [...jvm, "-cp", classPath, "com.acme.stock.Application", application, host, String(port), sessionTimeout, ...registries],
  }),
};

/** All of them, in the order in which pages name them. */
export const frameworks: readonly Framework[] = [dubbo33, dubbo27, dubboGo, springCloud];

function dubboJava(name: string, line: "3.3" | "2.7"): Framework {
  const folder = path.join(servers, "dubbo-provider");
  return {
    name,
    tools: java,
    install: () =>
      installJavaProgram({
        name: `dubbo-${line}-provider`,
        what: `${name} (Maven)`,
        pom: path.join(folder, line, "pom.xml"),
        sources: ["OrderFacade.java", "Provider.java"].map((file) => path.join(folder, file)),
      }),
    command: (classPath, { application, host, port, registries }, level) => ({
      command: "java",
      args: [
        ...jvm,
        // Dubbo 2.7 makes its proxies through a closed door.
        "--add-opens=java.base/java.lang=ALL-UNNAMED",
        `-Djdk.net.hosts.file=${path.join(folder, "hosts")}`,
        `-Ddubbo.application.register-mode=${level}`,
        ...["-cp", classPath, "com.acme.order.Provider", application, String(port), sessionTimeout, ...registries],
      ],
      env: { DUBBO_IP_TO_REGISTRY: host },
    }),
  };
}
