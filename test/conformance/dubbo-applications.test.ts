import { dubboApplicationDriver, fakeZookeeperInstance } from "../support/zookeeper-driver.ts";
import { registryConformance } from "./registry-rig.ts";

registryConformance("zookeeper, application level (fake server)", dubboApplicationDriver(fakeZookeeperInstance), 1_000);
