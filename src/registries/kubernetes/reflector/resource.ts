/** What one reflector follows: a kind of objects, in one namespace or in all of them. */
import type { KubeObject } from "./kube-object.ts";

export interface Resource<T> {
  /** Plural and group, for people and for RBAC: `services`, `endpointslices.discovery.k8s.io`. */
  readonly name: string;
  /** Path of the API group: `/api/v1`, `/apis/discovery.k8s.io/v1`. */
  readonly group: string;
  /** Undefined: all namespaces, or none where the objects belong to the whole cluster. */
  readonly namespace?: string;
  /** In the API's own form: `app=shop,tier!=test`. */
  readonly labelSelector?: string;
  /** Only names, labels and annotations are read. */
  readonly metadataOnly?: boolean;
  /** The fields that are needed; undefined: the object is none of ours. It must not keep the object itself. */
  readonly project: (object: KubeObject) => T | undefined;
}

/** What differs between the requests for a resource. */
export type Query = Readonly<Record<string, string>>;

export function pathOf({ name, group, namespace, labelSelector }: Resource<unknown>, query: Query): string {
  const plural = name.split(".")[0] ?? name;
  const parameters = new URLSearchParams({ ...(labelSelector !== undefined && { labelSelector }), ...query });
  const place = namespace === undefined ? plural : `namespaces/${encodeURIComponent(namespace)}/${plural}`;
  return `${group}/${place}?${parameters}`;
}

export function acceptOf({ metadataOnly }: Resource<unknown>, what: "list" | "watch"): string {
  const kind = what === "list" ? "PartialObjectMetadataList" : "PartialObjectMetadata";
  return metadataOnly ? `application/json;as=${kind};g=meta.k8s.io;v=v1` : "application/json";
}

/** `may not watch services in namespace shop; grant get, list and watch`: what a forbidden request lacks. */
export function grantNeeded({ name, namespace }: Resource<unknown>, verb: "list" | "watch"): string {
  const where = namespace === undefined ? "in the whole cluster" : `in namespace ${namespace}`;
  return `the credential may not ${verb} ${name} ${where}; grant it get, list and watch there`;
}
