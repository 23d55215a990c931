/**
 * The config centre's rules: a document of format v2.7 or v3.0 about a service or an application. Semantics:
 * Dubbo's `ConfigParser` and `AbstractConfigurator`, as far as a rule's effect is the same for every consumer.
 */
import { type AddressPattern, atAnyAddress, parseAddressPattern } from "./address-pattern.ts";
import { listAt, type Mapping, mappingOf, member, textAt, textOf, textsAt } from "./document-value.ts";
import { parameterConditions, parseOverrideUrl } from "./override-url.ts";
import { BadRule, type Condition, changesOf, inOrder, parameterOf, priorityOf, type Rule } from "./rule.ts";
import { matchConditions, type Side } from "./rule-match.ts";
import { isAnyService, isServiceLike } from "./service-pattern.ts";

/** In the order in which they are applied: providers apply theirs first, and consumers theirs to what providers registered. */
export interface RuleDocument {
  readonly provider: readonly Rule[];
  readonly consumer: readonly Rule[];
}

/**
 * One item that cannot be read spoils the document, as in Dubbo.
 * @param value parsed YAML
 * @throws BadRule
 */
export function readRuleDocument(value: unknown): RuleDocument {
  if (Array.isArray(value)) {
    const rules = value.map((url) => parseOverrideUrl(textOf(url, "URL"))).filter((rule) => rule !== undefined);
    return { provider: inOrder(rules), consumer: [] };
  }
  const document = mappingOf(value ?? {}, "the document");
  const rules: Record<Side, Rule[]> = { provider: [], consumer: [] };
  for (const each of listAt(document, "configs")) {
    const item = mappingOf(each, "an item of `configs`");
    const side = textAt(item, "side");
    // Without a side an item is applied by nobody.
    if (side === "provider" || side === "consumer") rules[side].push(...itemRules(item, document, side));
  }
  return { provider: inOrder(rules.provider), consumer: inOrder(rules.consumer) };
}

/** One for all hosts and one for those that the item names. */
function itemRules(item: Mapping, document: Mapping, side: Side): Rule[] {
  const parameters = parametersOf(item);
  const changes = changesOf(parameters);
  const conditions = conditionsOf(item, document, side, parameters);
  const addresses = textsAt(item, "addresses").map(parseAddressPattern);
  const providers = textsAt(item, "providerAddresses").map(parseAddressPattern);
  if (!changes || !conditions || !isEnabled(item, document)) return [];
  if (providers.length > 0) conditions.push(atAnyAddress(providers));
  const named = addresses.filter(({ host }) => host !== undefined);
  const unnamed = addresses.filter(({ host }) => host === undefined);
  const rule = (places: readonly AddressPattern[], specific: boolean): Rule => ({
    // On a consumer's side `addresses` are those of consumers.
    conditions: side === "provider" && places.length > 0 ? [atAnyAddress(places), ...conditions] : conditions,
    changes,
    onlyMissing: false,
    specific,
    priority: priorityOf(parameters),
  });
  const rules: Rule[] = [];
  if (unnamed.length > 0 || addresses.length === 0) rules.push(rule(unnamed, false));
  // A consumer-side rule about some consumers is not for all.
  if (named.length > 0 && side === "provider") rules.push(rule(named, true));
  return rules;
}

/** What an item sets. */
function parametersOf(item: Mapping): Map<string, string> {
  const parameters = Object.entries(mappingOf(member(item, "parameters"), "`parameters`"));
  if (parameters.length === 0) throw new BadRule("`parameters` is empty");
  return new Map(parameters.map(([key, value]) => [key, textOf(value, key)]));
}

/** Consoles mark items by a `type`; such an item has its own switch, which is off where it is absent. */
function isEnabled(item: Mapping, document: Mapping): boolean {
  const isGeneral = (textAt(item, "type") ?? "general") === "general";
  return (textAt(isGeneral ? document : item, "enabled") ?? String(isGeneral)).toLowerCase() === "true";
}

/** Undefined where an item concerns only some consumers. */
function conditionsOf(item: Mapping, document: Mapping, side: Side, parameters: ReadonlyMap<string, string>): Condition[] | undefined {
  const conditions: Condition[] = [];
  const key = textAt(document, "key");
  if (!key) throw new BadRule("no `key`");
  let applications = textsAt(item, "applications");
  if (textAt(document, "scope") === "application") {
    const services = textsAt(item, "services");
    if (services.length > 0) conditions.push(isAnyService(services));
    applications = [key];
  } else conditions.push(isServiceLike(key));
  if (applications.length > 0 && !applications.includes("*")) {
    // On a consumer's side it is the consumer's application.
    if (side === "consumer") return undefined;
    conditions.push((subject) => applications.includes(parameterOf(subject, "application") ?? ""));
  }
  if (textAt(document, "configVersion")?.startsWith("v3.0")) {
    const match = member(item, "match");
    if (match !== undefined) conditions.push(...matchConditions(mappingOf(match, "`match`"), side));
  } else conditions.push(...parameterConditions(parameters));
  return conditions;
}
