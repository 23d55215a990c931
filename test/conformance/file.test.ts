import { fileDriver } from "../support/file-driver.ts";
import { registryConformance } from "./registry-rig.ts";

registryConformance("file", fileDriver);
