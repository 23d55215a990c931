/** Every registry kind there is: one line each, and one folder each. */
import type { RegistryKind } from "./contract.ts";
import { fileKind } from "./file/kind.ts";
import { kubernetesKind } from "./kubernetes/services/kind.ts";
import { zookeeperKind } from "./zookeeper/dubbo/kind.ts";
import { springZookeeperKind } from "./zookeeper/spring/kind.ts";

export const kinds: readonly RegistryKind[] = [fileKind, zookeeperKind, springZookeeperKind, kubernetesKind];
