/** What differs between two states of one Istio object, in words for a person who decides on it. */
import type { ServiceEntry, WorkloadEntry } from "../gen/istio/networking/v1alpha3/networking_pb.ts";
import { toManifest } from "./manifest.ts";
import type { MeshObject } from "./mesh-object.ts";

/** `vip`, `ports` and `endpoints` are what callers notice; `spec` is everything that has no name of its own here. */
export type DifferingField = "vip" | "ports" | "endpoints" | "weights" | "labels" | "annotations" | "hosts" | "exportTo" | "spec";

export interface FieldDifference {
  readonly field: DifferingField;
  readonly before: string;
  readonly after: string;
}

/** Longer texts are cut: they are there to be looked at. */
const longest = 200;

export function differences(before: MeshObject, after: MeshObject): readonly FieldDifference[] {
  const found: FieldDifference[] = [];
  const add = (field: DifferingField, one: string, other: string): void => {
    if (one !== other) found.push({ field, before: cut(one), after: cut(other) });
  };
  if (before.kind === "ServiceEntry" && after.kind === "ServiceEntry") {
    add("vip", before.spec.addresses.join(", "), after.spec.addresses.join(", "));
    add("ports", portsText(before.spec), portsText(after.spec));
    const endpoints = endpointDifference(before.spec, after.spec);
    if (endpoints !== undefined) found.push(endpoints);
    else add("weights", weightsText(before.spec), weightsText(after.spec));
    add("hosts", before.spec.hosts.join(", "), after.spec.hosts.join(", "));
    add("exportTo", before.spec.exportTo.join(", "), after.spec.exportTo.join(", "));
    const labels = endpointLabels(before.spec, after.spec);
    add("labels", ...differing({ ...before.labels, ...labels.before }, { ...after.labels, ...labels.after }));
  } else {
    add("labels", ...differing(before.labels, after.labels));
  }
  add("annotations", ...differing(before.annotations, after.annotations));
  if (found.length === 0) add("spec", JSON.stringify(toManifest(before).spec), JSON.stringify(toManifest(after).spec));
  return found;
}

function portsText({ ports }: ServiceEntry): string {
  return ports.map(({ number, protocol, name }) => `${number}/${protocol} ${name}`).join(", ");
}

/** By address, network and ports: what makes an endpoint. */
function endpointDifference(before: ServiceEntry, after: ServiceEntry): FieldDifference | undefined {
  const one = new Set(placesOf(before).keys());
  const other = new Set(placesOf(after).keys());
  const lost = [...one].filter((each) => !other.has(each)).length;
  const gained = [...other].filter((each) => !one.has(each)).length;
  if (lost + gained === 0) return undefined;
  return { field: "endpoints", before: `${one.size}`, after: `${other.size} (${lost} lost, ${gained} new)` };
}

/** A port that the endpoint does not name is served at the service's number. */
function placesOf({ ports, endpoints }: ServiceEntry): ReadonlyMap<string, WorkloadEntry> {
  return new Map(
    endpoints.map((endpoint) => {
      const numbers = ports.map(({ name, number }) => endpoint.ports[name] ?? number).sort((a, b) => a - b);
      return [JSON.stringify([endpoint.address, endpoint.network, numbers]), endpoint];
    }),
  );
}

function weightsText({ endpoints }: ServiceEntry): string {
  return endpoints.map(({ address, weight }) => `${address}*${weight}`).join(", ");
}

/** Labels of the first endpoint whose labels differ, so that one wrong setting is told once. */
function endpointLabels(before: ServiceEntry, after: ServiceEntry) {
  const others = placesOf(after);
  for (const [place, { labels }] of placesOf(before)) {
    const now = others.get(place)?.labels;
    if (now !== undefined && differing(labels, now).some((text) => text !== "")) return { before: labels, after: now };
  }
  return { before: {}, after: {} };
}

/** The entries of two records that differ, as texts. */
function differing(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): [string, string] {
  return [entriesNotIn(other, one), entriesNotIn(one, other)];
}

function entriesNotIn(known: Readonly<Record<string, string>>, record: Readonly<Record<string, string>>): string {
  return Object.entries(record)
    .filter(([name, value]) => known[name] !== value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
