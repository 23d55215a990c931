import { fakeNacosDriver } from "../support/nacos-driver.ts";
import { registryConformance } from "./registry-rig.ts";

registryConformance("nacos (fake server)", fakeNacosDriver("2.5"));
