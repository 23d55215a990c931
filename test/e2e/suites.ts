/** The suites of `npm run e2e`, named after what they prove, and what each needs on the machine. */
import { installEurekaApplication, installEurekaServer } from "./install/eureka.ts";
import { installAdscClient, installHelmRender, installIstioMcpClient } from "./install/go-libraries.ts";
import { installIstioctl } from "./install/istioctl.ts";
import { installIstiod } from "./install/istiod.ts";
import { installKubernetes } from "./install/kubernetes.ts";
import { installNacos, installNacosProvider } from "./install/nacos.ts";
import { installPrometheus } from "./install/prometheus.ts";
import { installSofaPublisher, installSofaRegistry } from "./install/sofa-registry.ts";
import { installZooKeeper, type ZooKeeperVersion } from "./install/zookeeper.ts";
import { frameworks } from "./servers/frameworks.ts";

export interface Requirement {
  /** Programs on the PATH, each with arguments that make it say its version. */
  readonly tools: readonly (readonly [command: string, ...versionArguments: string[]])[];
  /** Brings its packages into the cache; nothing happens if they are there. */
  readonly install: () => Promise<unknown>;
}

export interface Suite {
  readonly name: string;
  readonly proves: string;
  /** Beside this file. */
  readonly files: readonly string[];
  readonly needs: readonly Requirement[];
  /** What only the full tier needs. Without one of them, the suite proves everything else. */
  readonly needsInFull?: readonly (Requirement & { readonly name: string })[];
}

const zookeeper = zookeeperServer("3.9.3");

const go = (install: Requirement["install"]): Requirement => ({ tools: [["go", "version"]], install });
const istiod = go(installIstiod);
const prometheus: Requirement = {
  tools: [
    ["apt-get", "--version"],
    ["dpkg-deb", "--version"],
  ],
  install: installPrometheus,
};

const kubernetes = go(installKubernetes);

const nacosServer: Requirement = {
  tools: [
    ["java", "-version"],
    ["javac", "-version"],
    ["mvn", "-version"],
  ],
  install: async () => {
    await installNacos();
    await installNacosProvider();
  },
};

export const suites: readonly Suite[] = [
  {
    name: "istiod",
    proves: "a registry's change reaches a real istiod and a sidecar, and no failure shrinks it",
    files: ["istiod.e2e.ts", "istiod-restarts.e2e.ts"],
    needs: [zookeeper, istiod],
  },
  {
    name: "zookeeper",
    proves: "the zookeeper registry holds the contract against a real ZooKeeper",
    files: ["zookeeper.e2e.ts", "zookeeper-operator.e2e.ts", "zookeeper-rules.e2e.ts", "zookeeper-faults.e2e.ts"],
    needs: [zookeeper, zookeeperServer("3.8.4")],
    needsInFull: [{ ...zookeeperServer("3.5.10"), name: "ZooKeeper 3.5.10" }, { ...istiod, name: "istiod" }, ...frameworks],
  },
  {
    name: "clusters",
    proves: "Services of several real API servers are one ServiceEntry at a real istiod, and no fault of theirs takes an endpoint",
    files: ["clusters.e2e.ts", "clusters-services.e2e.ts", "clusters-come-and-go.e2e.ts", "clusters-pods.e2e.ts"],
    needs: [kubernetes, istiod],
  },
  {
    name: "eureka",
    proves: "the eureka registry holds the contract against a real Eureka server, and an istiod loses nothing by its death",
    files: ["eureka.e2e.ts", "eureka-cluster.e2e.ts"],
    needs: [javaProgram(installEurekaServer), javaProgram(installEurekaApplication), istiod],
  },
  {
    name: "sofa",
    proves: "the sofa registry holds the contract against a real SOFARegistry, and reaches a real istiod",
    files: ["sofa.e2e.ts"],
    needs: [javaProgram(installSofaRegistry), javaProgram(installSofaPublisher), istiod],
  },
  {
    name: "dropin",
    proves: "it stands where another server of istio-mcp's protocol stood: others' clients, istioctl, Prometheus",
    files: ["dropin-clients.e2e.ts", "dropin-install.e2e.ts", "dropin-istiod.e2e.ts", "dropin-prometheus.e2e.ts"],
    needs: [istiod, go(installIstioctl), go(installIstioMcpClient), go(installAdscClient), go(installHelmRender), kubernetes, prometheus],
  },
  {
    name: "nacos",
    proves: "the nacos registry holds the contract against a real Nacos, and istiod loses nothing by its restarts",
    files: ["nacos.e2e.ts", "nacos-http.e2e.ts"],
    needs: [nacosServer, istiod],
  },
  {
    name: "aggregator",
    proves: "several registries are one: a migration that no sidecar notices, replicas that agree, restarts that lose nothing",
    files: ["aggregator-migration.e2e.ts", "aggregator-replicas.e2e.ts", "aggregator-kills.e2e.ts"],
    needs: [zookeeper, nacosServer, istiod],
  },
];

function javaProgram(install: Requirement["install"]): Requirement {
  return {
    tools: [
      ["javac", "-version"],
      ["mvn", "-version"],
    ],
    install,
  };
}

function zookeeperServer(version: ZooKeeperVersion): Requirement {
  return {
    tools: [
      ["java", "-version"],
      ["mvn", "-version"],
      ["openssl", "version"],
    ],
    install: () => installZooKeeper(version),
  };
}
