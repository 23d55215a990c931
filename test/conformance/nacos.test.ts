import { fakeNacosDriver } from "../support/nacos-driver.ts";
import { registryConformance } from "./registry-rig.ts";

// The real server of the end-to-end suite is a 2.5.
registryConformance("nacos (fake server like 3.0)", fakeNacosDriver("3.0"), 1_000);
