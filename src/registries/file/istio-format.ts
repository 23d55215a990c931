/** Plain Istio objects, as `kubectl get -o yaml` writes them: passed through, their specs judged later. */
import type { IstioResource } from "../service.ts";
import { describe, type Mapping, type Reading } from "./reading.ts";
import type { Path } from "./source-document.ts";

const carried = ["ServiceEntry", "WorkloadEntry", "Sidecar"] as const;
const apiVersion = /^networking\.istio\.io\/v1(alpha3|beta1)?$/;
/** Kubernetes object names and namespaces. */
const objectName = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
/** Where an object without a namespace goes: the same as with kubectl. */
const defaultNamespace = "default";
/** Lists within lists; nobody writes more. */
const deepest = 3;

export function isIstioDocument(value: unknown): boolean {
  return typeof value === "object" && value !== null && "kind" in value;
}

export function readIstioDocument(document: Mapping, reading: Reading, path: Path = [], depth = 0): void {
  if (document.kind === "List" && depth < deepest) {
    for (const [index, entry] of reading.list(document.items, [...path, "items"], "items").entries()) {
      const item = reading.mapping(entry, [...path, "items", index], "an item of a List");
      if (item) readIstioDocument(item, reading, [...path, "items", index], depth + 1);
    }
    return;
  }
  const resource = readResource(document, path, reading);
  if (resource) reading.add({ kind: "resource", resource }, path);
}

function readResource(document: Mapping, path: Path, reading: Reading): IstioResource | undefined {
  const kind = carried.find((known) => known === document.kind);
  if (!kind || typeof document.apiVersion !== "string" || !apiVersion.test(document.apiVersion)) {
    const found = `${describe(document.apiVersion)} ${describe(document.kind)}`;
    reading.problem("unknown-kind", [...path, "kind"], `only networking.istio.io ${carried.join(", ")} are carried, not ${found}`);
    return undefined;
  }
  const metadata = reading.mapping(document.metadata, [...path, "metadata"], `metadata of a ${kind}`);
  if (!metadata) return undefined;
  const at = [...path, "metadata"];
  const name = readName(metadata.name, [...at, "name"], reading);
  const namespace = metadata.namespace === undefined ? defaultNamespace : readName(metadata.namespace, [...at, "namespace"], reading);
  const spec = reading.mapping(document.spec ?? {}, [...path, "spec"], `spec of a ${kind}`);
  if (!name || !namespace) return undefined;
  if (!spec) {
    reading.unreadable.push(`resource/${kind}/${namespace}/${name}`);
    return undefined;
  }
  const labels = reading.texts(metadata.labels, [...at, "labels"], "labels");
  const annotations = reading.texts(metadata.annotations, [...at, "annotations"], "annotations");
  return {
    apiVersion: document.apiVersion,
    kind,
    metadata: { name, namespace, ...(labels && { labels }), ...(annotations && { annotations }) },
    spec,
  };
}

function readName(value: unknown, path: Path, reading: Reading): string | undefined {
  if (typeof value === "string" && objectName.test(value)) return value;
  reading.problem("bad-value", path, `a Kubernetes object name is expected (lower-case letters, digits, - and .), not ${describe(value)}`);
  return undefined;
}
