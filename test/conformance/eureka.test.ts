import { eurekaDriver, fakeEurekaInstance } from "../support/eureka-driver.ts";
import { registryConformance } from "./registry-rig.ts";

registryConformance("eureka (fake server)", eurekaDriver(fakeEurekaInstance), 1_000);
