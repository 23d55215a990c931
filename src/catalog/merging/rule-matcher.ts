/** Whether a rule of merging is for a service: by its host, by labels of its endpoints, or by both. */
import type { MergingConfig } from "../../config/sections/merging-schema.ts";
import { nameMatcher } from "../../registries/name-filter.ts";
import type { Contribution } from "../contribution.ts";

export type RuleMatcher = (host: string, contributions: readonly Contribution[]) => boolean;

/** Labels are those of any endpoint in any registry, however healthy: no order and no choice of the policy itself is in it. */
export function ruleMatcher({ hosts, labels }: Pick<MergingConfig["rules"][number], "hosts" | "labels">): RuleMatcher {
  const isHost = hosts.length === 0 ? () => true : nameMatcher(hosts);
  const wanted = Object.entries(labels).map(([key, pattern]) => ({ key, matches: nameMatcher([pattern]) }));
  if (wanted.length === 0) return isHost;
  const hasAll = (own: Readonly<Record<string, string>>) =>
    wanted.every(({ key, matches }) => Object.hasOwn(own, key) && matches(own[key]!));
  return (host, contributions) =>
    isHost(host) &&
    contributions.some(({ named }) => named.instances.some((instance) => instance.labels !== undefined && hasAll(instance.labels)));
}

/** The labels in words, for explanations; undefined if the rule asks for none. */
export function labelsText(labels: Readonly<Record<string, string>>): string | undefined {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? undefined : pairs.sort().join(", ");
}
