import { fakeZookeeperInstance, zookeeperDriver } from "../support/zookeeper-driver.ts";
import { registryConformance } from "./registry-rig.ts";

registryConformance("zookeeper (fake server)", zookeeperDriver(fakeZookeeperInstance), 1_000);
