/** The little that is the same in every object of an API server. Everything beyond is checked by whoever reads it. */
import { ApiFailure } from "../connection/api-failure.ts";

export interface KubeObject {
  readonly metadata: KubeMetadata;
  readonly [field: string]: unknown;
}

export interface KubeMetadata {
  readonly name: string;
  /** Absent in objects of the whole cluster. */
  readonly namespace?: string;
  readonly resourceVersion?: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
}

/** One page of a list. */
export interface KubePage {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** Asks for the next page; undefined: it was the last one. */
  readonly next: string | undefined;
}

/** `namespace/name`, or the name alone. */
export function objectKey({ metadata: { namespace, name } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** @throws ApiFailure if it is no list */
export function readPage(answer: unknown): KubePage {
  const { metadata, items } = (answer ?? {}) as { metadata?: { resourceVersion?: unknown; continue?: unknown }; items?: unknown };
  const { resourceVersion } = metadata ?? {};
  // An empty list may be null: Go writes it so.
  const objects = items ?? [];
  if (typeof resourceVersion !== "string" || !Array.isArray(objects) || !objects.every(isObject)) {
    throw new ApiFailure("garbage", "an answer that is no list of objects");
  }
  const next = metadata?.continue;
  return { items: objects, resourceVersion, next: typeof next === "string" && next !== "" ? next : undefined };
}

export function isObject(value: unknown): value is KubeObject {
  const { name, namespace } = ((value ?? {}) as { metadata?: { name?: unknown; namespace?: unknown } }).metadata ?? {};
  return typeof name === "string" && name !== "" && (namespace === undefined || typeof namespace === "string");
}
