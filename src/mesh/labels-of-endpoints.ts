/**
 * The labels of one service's endpoints. Most of them are alike, and those get the very same object:
 * so it is made once, and whoever checks or encodes it can see that it is the one before.
 */
import type { MergedEndpoint } from "../catalog/merged-service.ts";
import { clusterOf, registryOf } from "../registries/source-id.ts";
import { endpointLabels, type LabelFilter, legalValue, provenance } from "./labels.ts";
import { clusterLabel, eachClusterPrefix, eachRegistryPrefix, registryLabel, tlsModeLabel } from "./own-names.ts";
import type { MeshPolicy } from "./policy.ts";
import type { ProblemList } from "./problem-list.ts";

type Labels = Readonly<Record<string, string>>;

export class LabelsOfEndpoints {
  readonly #filter: LabelFilter;
  readonly #sourceLabels: boolean;
  readonly #problems: ProblemList;
  #before: { readonly instance: MergedEndpoint; readonly tls: boolean; readonly labels: Record<string, string> } | undefined;

  constructor({ labels, sourceLabels }: Pick<MeshPolicy, "labels" | "sourceLabels">, problems: ProblemList) {
    this.#filter = labels;
    this.#sourceLabels = sourceLabels;
    this.#problems = problems;
  }

  /** @param tls whether the endpoint speaks the mesh's TLS */
  of(instance: MergedEndpoint, tls: boolean): Record<string, string> {
    const before = this.#before;
    const alike = before?.tls === tls && before.instance.registries === instance.registries && before.instance.cluster === instance.cluster;
    if (alike && this.#sameChoice(before.instance.labels ?? {}, instance.labels ?? {})) return before.labels;
    // In order of their keys.
    const own: [string, string][] = this.#sourceLabels ? labelsOfSources(instance) : [];
    if (tls) own.push([tlsModeLabel, "istio"]);
    const cluster = legalValue(instance.cluster ?? "");
    if (cluster !== "") own.push([clusterLabel, cluster]);
    const from = provenance(new Set(instance.registries.map(registryOf)));
    if (from !== "") own.push([registryLabel, from]);
    const labels = endpointLabels(instance.labels, this.#filter, own, this.#problems);
    this.#before = { instance, tls, labels };
    return labels;
  }

  /** Whether the filter finds the same in both. */
  #sameChoice(one: Labels, other: Labels): boolean {
    const { all, prefixes, exact } = this.#filter;
    if (!all && prefixes.length === 0) return exact.every((key) => one[key] === other[key]);
    const keys = Object.keys(one);
    return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
  }
}

/** One for each cluster and registry, sorted. */
function labelsOfSources({ registries, cluster }: MergedEndpoint): [string, string][] {
  const clusters = [cluster, ...registries.map(clusterOf)].filter((id) => id !== undefined);
  const keys = [
    ...clusters.map((id) => withId(eachClusterPrefix, id)),
    ...registries.map((id) => withId(eachRegistryPrefix, registryOf(id))),
  ];
  return [...new Set(keys.filter((key) => key !== ""))].sort().map((key) => [key, "true"]);
}

/** What may be a label's value may be the name in its key, too. */
function withId(prefix: string, id: string): string {
  const legal = legalValue(id);
  return legal === "" ? "" : prefix + legal;
}
