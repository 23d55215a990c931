import { fakeSofaInstance, sofaDriver } from "../support/sofa-driver.ts";
import { registryConformance } from "./registry-rig.ts";

registryConformance("sofa (fake server)", sofaDriver(fakeSofaInstance), 1_000);
