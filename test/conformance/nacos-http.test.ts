import { fakeNacosHttpDriver } from "../support/nacos-http-driver.ts";
import { registryConformance } from "./registry-rig.ts";

registryConformance("nacos over HTTP (fake server)", fakeNacosHttpDriver("2.5"), 1_000);
