import { fakeKubernetesInstance, kubernetesDriver } from "../support/kubernetes-driver.ts";
import { registryConformance } from "./registry-rig.ts";

registryConformance("kubernetes (fake server)", kubernetesDriver(fakeKubernetesInstance), 1_000);
