import { fakeKubernetesInstance } from "../support/kubernetes-driver.ts";
import { podsDriver } from "../support/pods-driver.ts";
import { registryConformance } from "./registry-rig.ts";

registryConformance("dubbo-pods (fake server)", podsDriver(fakeKubernetesInstance), 1_000);
