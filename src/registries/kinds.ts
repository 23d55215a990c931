/** Every registry kind there is: one line each, and one folder each. */
import type { RegistryKind } from "./contract.ts";
import { eurekaKind } from "./eureka/kind.ts";
import { fileKind } from "./file/kind.ts";
import { annotatedPodsKind } from "./kubernetes/pods/annotated/kind.ts";
import { dubboPodsKind } from "./kubernetes/pods/dubbo/kind.ts";
import { podFactsKind } from "./kubernetes/pods/facts/kind.ts";
import { kubernetesKind } from "./kubernetes/services/kind.ts";
import { nacosKind } from "./nacos/kind.ts";
import { sofaKind } from "./sofa/kind.ts";
import { zookeeperKind } from "./zookeeper/dubbo/kind.ts";
import { springZookeeperKind } from "./zookeeper/spring/kind.ts";

export const kinds: readonly RegistryKind[] = [
  fileKind,
  zookeeperKind,
  springZookeeperKind,
  nacosKind,
  eurekaKind,
  sofaKind,
  kubernetesKind,
  dubboPodsKind,
  annotatedPodsKind,
  podFactsKind,
];
