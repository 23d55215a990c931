/** What is read of a pod. */
import type { KubeObject } from "../reflector/kube-object.ts";
import type { Place } from "../reflector/place.ts";
import type { Resource } from "../reflector/resource.ts";

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  /** At least one. */
  readonly addresses: readonly string[];
  /** It shares the addresses of its node. */
  readonly isOnHostNetwork: boolean;
  readonly node: string | undefined;
  readonly serviceAccount: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** The text of the annotation that was asked for. */
  readonly payload: string | undefined;
  /** Ready, and not about to end. */
  readonly isReady: boolean;
  readonly isEnding: boolean;
}

/** Istio's injector puts it on the pods to which it gives a sidecar. */
const tlsModeLabel = "security.istio.io/tlsMode";

export function hasSidecar({ labels }: Pod): boolean {
  return labels[tlsModeLabel] === "istio";
}

/** @param annotation key of the one whose text is wanted; undefined: none */
export function pods({ namespace, wanted }: Place, labelSelector: string | undefined, annotation: string | undefined): Resource<Pod> {
  return {
    name: "pods",
    group: "/api/v1",
    ...(namespace !== undefined && { namespace }),
    ...(labelSelector !== undefined && { labelSelector }),
    project: (object) => {
      const pod = readPod(object, annotation);
      return pod !== undefined && wanted(pod.namespace) ? pod : undefined;
    },
  };
}

/** Undefined: it has no address yet, or none any more: those of a pod that has run to its end belong to others. */
export function readPod({ metadata, spec, status }: KubeObject, annotation: string | undefined): Pod | undefined {
  const { podIPs, podIP, phase, conditions } = mapping(status);
  const { nodeName, serviceAccountName, hostNetwork } = mapping(spec);
  if (metadata.namespace === undefined || phase === "Succeeded" || phase === "Failed") return undefined;
  const several = list(podIPs).flatMap((entry) => text(mapping(entry).ip) ?? []);
  const addresses = several.length > 0 ? several : [text(podIP)].filter((address) => address !== undefined);
  if (addresses.length === 0) return undefined;
  const isEnding = metadata.deletionTimestamp !== undefined;
  const ready = list(conditions).find((condition) => mapping(condition).type === "Ready");
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    addresses,
    isOnHostNetwork: hostNetwork === true,
    node: text(nodeName),
    serviceAccount: text(serviceAccountName),
    labels: texts(metadata.labels),
    payload: annotation === undefined ? undefined : text(mapping(metadata.annotations)[annotation]),
    isReady: !isEnding && mapping(ready).status === "True",
    isEnding,
  };
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function texts(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(mapping(value)).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
