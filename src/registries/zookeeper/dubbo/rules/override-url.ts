/**
 * Rules as URLs: what Dubbo 2.6 and its consoles write below an interface's `configurators`. Semantics:
 * Dubbo's `AbstractConfigurator`, as far as a rule's effect is the same for every consumer.
 */
import { atAnyAddress, parseAddressPattern } from "./address-pattern.ts";
import { BadRule, type Condition, changesOf, parameterOf, priorityOf, type Rule } from "./rule.ts";

/** Bounds for what others write. */
const maxUrl = 64 * 1024;
const maxParameters = 200;

/** `empty://` beside others takes all of them away. */
export function isEmptyUrl(url: string): boolean {
  return url.startsWith("empty://");
}

/**
 * @param url decoded, parameters separated by `&`
 * @returns undefined for a rule that is switched off, concerns only some consumers, or changes nothing of an instance
 * @throws BadRule
 */
export function parseOverrideUrl(url: string): Rule | undefined {
  if (url.length > maxUrl) throw new BadRule(`a URL of ${url.length} characters`);
  const head = /^([^:/?]*):\/\/(?:[^/?@]*@)?([^/?]*)\/?([^?]*)/.exec(url);
  const scheme = head?.[1];
  if (!head || (scheme !== "override" && scheme !== "absent")) throw new BadRule("neither override:// nor absent://");
  const parameters = parametersOf(url.slice(head[0].length + 1));
  if ((parameters.get("category") ?? "configurators") !== "configurators" || parameters.get("enabled") === "false") return undefined;
  const changes = changesOf(parameters);
  const place = placeConditions(head[2]!, parameters);
  if (!changes || !place) return undefined;
  return {
    conditions: [...place.conditions, ...serviceConditions(head[3]!, parameters), ...parameterConditions(parameters)],
    changes,
    onlyMissing: scheme === "absent",
    specific: place.specific,
    priority: priorityOf(parameters),
  };
}

function parametersOf(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of query.split("&", maxParameters)) {
    const equals = pair.indexOf("=");
    if (equals > 0) parameters.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  return parameters;
}

/** Where the instances are that a rule is about; undefined if it is about consumers at some place. */
function placeConditions(authority: string, parameters: ReadonlyMap<string, string>) {
  const { host, port } = parseAddressPattern(authority);
  const specific = host !== undefined;
  // A host without a port is a consumer's, unless a newer rule says that it is not.
  const isProvider = parameters.get("configVersion") ? parameters.get("side") === "provider" : port !== undefined;
  if (specific && !isProvider) return undefined;
  const conditions: Condition[] = [atAnyAddress([{ host, port }])];
  const addresses = parameters.get("providerAddresses");
  if (addresses) conditions.push(atAnyAddress(addresses.split(",").map(parseAddressPattern)));
  return { specific, conditions };
}

function serviceConditions(path: string, parameters: ReadonlyMap<string, string>): Condition[] {
  const name = parameters.get("interface") ?? path;
  const group = parameters.get("group") || undefined;
  // Dubbo treats 0.0.0 as no version.
  const version = parameters.get("version")?.replace(/^0\.0\.0$/, "") || undefined;
  return [
    ({ key }) =>
      (name === "*" || name === key.name) && (group === "*" || group === key.group) && (version === "*" || version === key.version),
  ];
}

/** `~key=value` and `application=value` compare with the provider; a value `*` holds for all. */
export function parameterConditions(parameters: ReadonlyMap<string, string>): Condition[] {
  const conditions: Condition[] = [];
  for (const [key, value] of parameters) {
    const name = key.startsWith("~") ? key.slice(1) : key === "application" ? key : undefined;
    if (name !== undefined && value !== "*") conditions.push((subject) => parameterOf(subject, name) === value);
  }
  return conditions;
}
