/** A small ServiceEntry as the mesh room would make it. */
import { create } from "@bufbuild/protobuf";
import { ServiceEntrySchema } from "../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import type { MeshObject } from "../../src/mesh/mesh-object.ts";

export interface ServiceEntryParts {
  readonly namespace?: string;
  readonly vip?: string;
  readonly port?: number;
  readonly portName?: string;
  readonly addresses?: readonly string[];
  readonly weights?: readonly number[];
  /** Of every endpoint its own number of the port; absent: the service's. */
  readonly endpointPort?: number;
  readonly labels?: Record<string, string>;
  readonly endpointLabels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly exportTo?: readonly string[];
}

export function serviceEntryObject(name: string, parts: ServiceEntryParts = {}): Extract<MeshObject, { kind: "ServiceEntry" }> {
  const { namespace = "tributary", vip = "241.0.0.1", port = 80, portName = "http", addresses = ["10.0.0.1"] } = parts;
  const { weights = [], endpointPort, labels = {}, endpointLabels = {}, annotations = {}, exportTo = ["*"] } = parts;
  const spec = create(ServiceEntrySchema, {
    hosts: [name],
    addresses: [vip],
    ports: [{ name: portName, number: port, protocol: "HTTP" }],
    endpoints: addresses.map((address, at) => ({
      address,
      weight: weights[at] ?? 0,
      labels: endpointLabels,
      ports: endpointPort === undefined ? {} : { [portName]: endpointPort },
    })),
    exportTo: [...exportTo],
  });
  return { kind: "ServiceEntry", namespace, name, labels, annotations, spec };
}
