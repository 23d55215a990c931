/** Small services and policies for the tests of the mesh room. */
import type { MergedEndpoint, MergedService } from "../../src/catalog/merged-service.ts";
import type { MeshConfig } from "../../src/config/schema.ts";
import { compileMeshPolicy, type MeshPolicy } from "../../src/mesh/policy.ts";

export const defaultMesh: MeshConfig = {
  namespace: "tributary",
  exportTo: ["*"],
  clusterDomain: "cluster.local",
  vipCidr: "241.0.0.0/8",
  endpointTls: "off",
  servicePorts: {},
  labels: ["application", "group", "version", "dubbo.tag", "zone", "region"],
  sourceLabels: false,
};

export function policyOf(changes: Partial<MeshConfig> = {}): MeshPolicy {
  return compileMeshPolicy({ ...defaultMesh, ...changes });
}

export function serviceOf(changes: Partial<MergedService> = {}): MergedService {
  return {
    namespace: "tributary",
    host: "lab-api-order.dubbo",
    otherHosts: [],
    identity: "zookeeper|lab.api.Order|dubbo",
    kind: "zookeeper",
    key: { name: "lab.api.Order" },
    protocol: "dubbo",
    ports: [],
    endpoints: [endpointOf()],
    annotations: {},
    registries: ["zk"],
    ...changes,
  };
}

export function endpointOf(changes: Partial<MergedEndpoint> = {}): MergedEndpoint {
  const address = changes.address ?? "10.0.0.1";
  return { id: `${address}:20880`, address, ports: [{ number: 20880, protocol: "dubbo" }], registries: ["zk"], ...changes };
}
