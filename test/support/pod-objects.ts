/** Pods as Kubernetes has them, with what tests care about. */
export interface PodOptions {
  readonly namespace?: string;
  readonly addresses?: readonly string[];
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly node?: string;
  readonly serviceAccount?: string;
  readonly ready?: boolean;
}

export function podObject(name: string, options: PodOptions = {}) {
  const { namespace = "shop", labels = {}, annotations = {}, node, serviceAccount } = options;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels, annotations },
    spec: {
      containers: [{ name: "application", image: "none" }],
      ...(node !== undefined && { nodeName: node }),
      ...(serviceAccount !== undefined && { serviceAccountName: serviceAccount }),
    },
    status: podStatus(options),
  };
}

export function podStatus({ addresses = [], ready = true }: PodOptions) {
  return {
    phase: "Running",
    podIP: addresses[0],
    podIPs: addresses.map((ip) => ({ ip })),
    conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
  };
}

/** As `url.QueryEscape` of Go writes it into a record's key. */
export function queryEscape(text: string): string {
  return encodeURIComponent(text)
    .replaceAll("%20", "+")
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The key under which dubbo-go registers a provider. */
export function providerKey(name: string, address: string, port: number, parameters = ""): string {
  return `/dubbo/${queryEscape(name)}/providers/${queryEscape(`dubbo://${address}:${port}/Provider?interface=${name}${parameters}`)}`;
}
