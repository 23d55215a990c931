import { fakeSofaInstance, sofaDriver } from "../support/sofa-driver.ts";
import { registryConformance } from "./registry-rig.ts";

registryConformance("sofa (fake server)", sofaDriver(fakeSofaInstance));
registryConformance("sofa over HTTP (fake server)", sofaDriver(fakeSofaInstance, { transport: "http", unknownGrace: "2s" }));
