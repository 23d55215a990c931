import { fakeZookeeperInstance, springZookeeperDriver } from "../support/zookeeper-driver.ts";
import { registryConformance } from "./registry-rig.ts";

registryConformance("spring-cloud-zookeeper (fake server)", springZookeeperDriver(fakeZookeeperInstance), 1_000);
