/** Services and EndpointSlices as Kubernetes has them, with what tests care about. */
export interface ServiceOptions {
  readonly namespace?: string;
  readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol?: string; readonly appProtocol?: string }[];
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  /** More of its `spec`. */
  readonly spec?: object;
}

export function serviceObject(name: string, options: ServiceOptions = {}) {
  const { namespace = "shop", ports = [{ name: "http", port: 80 }], labels, annotations, spec } = options;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, ...(labels && { labels }), ...(annotations && { annotations }) },
    spec: { ports: ports.map((port) => ({ protocol: "TCP", ...port })), ...spec },
  };
}

export interface SliceOptions {
  readonly namespace?: string;
  /** Default: the Service's name and `-1`. */
  readonly name?: string;
  readonly family?: "IPv4" | "IPv6";
  readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  readonly endpoints?: readonly SliceEndpoint[];
}

export interface SliceEndpoint {
  readonly address: string;
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
  readonly zone?: string;
  readonly nodeName?: string;
}

export function sliceObject(service: string, options: SliceOptions = {}) {
  const { namespace = "shop", name = `${service}-1`, family = "IPv4", ports = [{ name: "http", port: 8080 }], endpoints = [] } = options;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, namespace, labels: { "kubernetes.io/service-name": service } },
    addressType: family,
    ports: ports.map((port) => ({ name: "", protocol: "TCP", ...port })),
    endpoints: endpoints.map(({ address, ...more }) => ({ addresses: [address], conditions: { ready: true }, ...more })),
  };
}
