/** Which policy holds for a service, by its host and labels; compiled once per configuration. */
import type { MergingConfig, MergingPolicy } from "../../config/sections/merging-schema.ts";
import { nameMatcher } from "../../registries/name-filter.ts";
import { registryOf } from "../../registries/source-id.ts";
import type { Contribution } from "../contribution.ts";
import { labelsText, ruleMatcher } from "./rule-matcher.ts";

export interface MergePolicy {
  readonly policy: MergingPolicy;
  /** Setting that gives it, for explanations. */
  readonly setting: string;
  /** Labels for which the setting was chosen, in words. */
  readonly labels: string | undefined;
  /** ms. */
  readonly failAfter: number;
  readonly returnAfter: number;
  /** Whether the rule names an order of precedence. */
  readonly ordered: boolean;
  /** Position of a source in the order of precedence; undefined: behind all that are named. */
  position(source: string): number | undefined;
  /** Of the traffic, in any unit; 0 for a source that has none. */
  share(source: string): number;
}

export interface PolicyOf {
  /** @param contributions everything that gives the service, in any order */
  (host: string, contributions: readonly Contribution[]): MergePolicy;
  /** Whether some policy decides by how long something is so. */
  readonly dependsOnTime: boolean;
}

export function compileMerging(config: MergingConfig): PolicyOf {
  const usual = mergePolicy({ policy: config.policy, labels: {}, registries: [], shares: {} }, config, "merging.policy");
  const rules = config.rules.map((rule, index) => ({
    matches: ruleMatcher(rule),
    policy: mergePolicy(rule, config, `merging.rules[${index}]`),
  }));
  const policyOf = (host: string, contributions: readonly Contribution[]) =>
    rules.find(({ matches }) => matches(host, contributions))?.policy ?? usual;
  const dependsOnTime = [usual, ...rules.map(({ policy }) => policy)].some(({ policy }) => policy === "priority");
  return Object.assign(rules.length === 0 ? () => usual : policyOf, { dependsOnTime });
}

type Rule = Pick<MergingConfig["rules"][number], "policy" | "labels" | "registries" | "shares" | "failAfter" | "returnAfter">;

function mergePolicy(rule: Rule, usual: MergingConfig, setting: string): MergePolicy {
  const order = rule.registries.map(sourceMatcher);
  const shares = Object.entries(rule.shares).map(([pattern, share]) => ({ matches: sourceMatcher(pattern), share }));
  return {
    policy: rule.policy,
    setting,
    labels: labelsText(rule.labels),
    failAfter: rule.failAfter ?? usual.failAfter,
    returnAfter: rule.returnAfter ?? usual.returnAfter,
    ordered: order.length > 0,
    position(source) {
      const at = order.findIndex((matches) => matches(source));
      return at < 0 ? undefined : at;
    },
    share: (source) => shares.find(({ matches }) => matches(source))?.share ?? 0,
  };
}

/** A registry's id stands for all its clusters, too. */
function sourceMatcher(pattern: string): (source: string) => boolean {
  const matches = nameMatcher([pattern]);
  return (source) => matches(source) || matches(registryOf(source));
}
