/** The flags of dubbo-kubernetes' `sail-discovery`, as aliases of settings: whoever comes from there keeps them. */
import { type Command, Option } from "commander";
import type { CommandLineConfig } from "../config/imports/join-imports.ts";
import { TributaryError } from "../errors/tributary-error.ts";

export interface DubboKubernetesFlags {
  readonly multiClusterEnabled?: boolean;
  readonly multiClusterConfig?: string;
  readonly multiRegistryEnabled?: boolean;
  readonly multiRegistryConfig?: string;
  readonly registries?: string;
  readonly nacosServers?: string;
  readonly nacosNamespace?: string;
  readonly nacosGroup?: string;
  readonly nacosUsername?: string;
  readonly nacosPassword?: string;
  readonly zookeeperServers?: string;
  readonly zookeeperRoot?: string;
  readonly zookeeperUsername?: string;
  readonly zookeeperPassword?: string;
}

/** Stands for the configuration file where there is none. */
export const onlyCommandLine = "(command line)";

type Section = Readonly<Record<string, unknown>>;

const password = "a reference, such as ${file:/run/secrets/password}: the password itself would be seen by every process";

export function addDubboKubernetesFlags(command: Command): Command {
  const flag = (flags: string, description: string): void => {
    command.addOption(new Option(flags, description).hideHelp());
  };
  flag("--multiClusterEnabled", "the clusters of --multiClusterConfig count");
  flag("--multiClusterConfig <file>", "imports.multiCluster");
  flag("--multiRegistryEnabled", "the registries of --multiRegistryConfig count");
  flag("--multiRegistryConfig <file>", "imports.multiRegistry");
  flag("--registries <kinds>", "Nacos, Zookeeper: a registry of that kind; Kubernetes is what istiod reads itself");
  flag("--nacosServers <addresses>", "a registry of type nacos: its servers");
  flag("--nacosNamespace <id>", "… its namespace");
  flag("--nacosGroup <group>", "… its group");
  flag("--nacosUsername <user>", "… its user");
  flag("--nacosPassword <reference>", `… its password: ${password}`);
  flag("--zookeeperServers <addresses>", "a registry of type zookeeper: its servers");
  flag("--zookeeperRoot <path>", "… its root");
  flag("--zookeeperUsername <user>", "… its user");
  flag("--zookeeperPassword <reference>", `… its password: ${password}`);
  return command;
}

/** Undefined: none of them was given. @throws TributaryError for a password, and for a kind of registry that there is not */
export function commandLineConfig(flags: DubboKubernetesFlags): CommandLineConfig | undefined {
  const kinds = (flags.registries ?? "").split(",").filter((kind) => kind !== "");
  for (const kind of kinds) {
    if (!/^(kubernetes|nacos|zookeeper)$/i.test(kind)) {
      throw new TributaryError("CONFIG_INVALID", `--registries: unknown kind ${JSON.stringify(kind)}`, {
        hint: "known: Kubernetes, Nacos, Zookeeper",
      });
    }
  }
  const asks = (kind: string) => kinds.some((one) => one.toLowerCase() === kind);
  refusePlainText("--nacosPassword", flags.nacosPassword);
  refusePlainText("--zookeeperPassword", flags.zookeeperPassword);
  const registries: Section[] = [];
  if (asks("nacos") || flags.nacosServers !== undefined) registries.push(nacos(flags));
  if (asks("zookeeper") || flags.zookeeperServers !== undefined) registries.push(zookeeper(flags));
  const imports = {
    ...(flags.multiClusterConfig !== undefined && { multiCluster: flags.multiClusterConfig }),
    ...(flags.multiClusterEnabled && { multiClusterEnabled: true }),
    ...(flags.multiRegistryConfig !== undefined && { multiRegistry: flags.multiRegistryConfig }),
    ...(flags.multiRegistryEnabled && { multiRegistryEnabled: true }),
  };
  return registries.length === 0 && Object.keys(imports).length === 0 ? undefined : { registries, imports };
}

function nacos({
  nacosServers = "127.0.0.1:8848",
  nacosNamespace,
  nacosGroup,
  nacosUsername,
  nacosPassword,
}: DubboKubernetesFlags): Section {
  return {
    id: "nacos",
    type: "nacos",
    servers: nacosServers,
    ...(nacosNamespace !== undefined && nacosNamespace !== "public" && { namespaces: [nacosNamespace] }),
    ...(nacosGroup !== undefined && { groups: [nacosGroup] }),
    ...auth(nacosUsername, nacosPassword),
  };
}

function zookeeper({
  zookeeperServers = "127.0.0.1:2181",
  zookeeperRoot,
  zookeeperUsername,
  zookeeperPassword,
}: DubboKubernetesFlags): Section {
  return {
    id: "zookeeper",
    type: "zookeeper",
    servers: zookeeperServers,
    ...(zookeeperRoot !== undefined && { root: zookeeperRoot }),
    ...auth(zookeeperUsername, zookeeperPassword),
  };
}

function auth(user: string | undefined, secret: string | undefined): Section {
  return user === undefined && secret === undefined
    ? {}
    : { auth: { ...(user !== undefined && { user }), ...(secret !== undefined && { password: secret }) } };
}

function refusePlainText(flag: string, value: string | undefined): void {
  if (value === undefined || /^\$\{(file|env):[^}]+\}$/.test(value)) return;
  throw new TributaryError("CONFIG_SECRET", `${flag}: a password on the command line is seen by every process of the machine`, {
    hint: `put it into a file and give a reference, in quotes: ${flag} '\${file:/run/secrets/password}'`,
  });
}
