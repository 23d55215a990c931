/** What rules make of an instance: pure, and the same however often they are applied. */

import { addTag } from "../../../dubbo/tag.ts";
import type { Instance } from "../../../service.ts";
import type { Changes, Rule, Subject } from "./rule.ts";

/** @param rules in the order in which they are applied */
export function applyRules(subject: Subject, rules: Iterable<Rule>): Instance {
  let { instance } = subject;
  for (const { conditions, changes, onlyMissing } of rules) {
    const now = { key: subject.key, instance };
    if (conditions.every((holds) => holds(now))) instance = changed(instance, onlyMissing ? missing(instance, changes) : changes);
  }
  return instance;
}

/** Those changes that set what an instance does not say itself. */
function missing({ weight, health, labels }: Instance, changes: Changes): Changes {
  return {
    ...(changes.weight !== undefined && weight === undefined && { weight: changes.weight }),
    ...(changes.disabled !== undefined && health === undefined && { disabled: changes.disabled }),
    ...(changes.tag !== undefined && labels?.["dubbo.tag"] === undefined && { tag: changes.tag }),
  };
}

/** The same instance if nothing changes; else one with its members in the same order, as its provider would register itself. */
function changed(before: Instance, changes: Changes): Instance {
  const { id, address, ports, weight: weightBefore, health: healthBefore, labels: labelsBefore, ...rest } = before;
  const weight = changes.weight ?? weightBefore;
  const health = changes.disabled === undefined ? healthBefore : changes.disabled ? "disabled" : withoutDisabled(healthBefore);
  const labels = changes.tag === undefined ? labelsBefore : tagged(labelsBefore, changes.tag);
  if (weight === weightBefore && health === healthBefore && labels === labelsBefore) return before;
  return { id, address, ports, ...(weight !== undefined && { weight }), ...(health && { health }), ...(labels && { labels }), ...rest };
}

function withoutDisabled(health: Instance["health"]): Instance["health"] {
  return health === "disabled" ? undefined : health;
}

function tagged(before: Instance["labels"], tag: string): Instance["labels"] {
  if (before?.["dubbo.tag"] === tag) return before;
  const { "dubbo.tag": _, ...labels } = before ?? {};
  if (tag !== "") addTag(labels, tag);
  return labels;
}
