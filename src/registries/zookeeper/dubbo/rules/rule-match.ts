/**
 * The `match` of a 3.x rule (`ConditionMatch`): all of its parts must hold. A part without a word that
 * Dubbo knows holds for nothing. Regular expressions are refused: theirs could stall us.
 */
import { BlockList, isIP } from "node:net";
import { listAt, type Mapping, mappingOf, member, textAt } from "./document-value.ts";
import { BadRule, type Condition, parameterOf } from "./rule.ts";
import { servicePattern } from "./service-pattern.ts";

type TextCondition = (text: string | undefined) => boolean;

/** Whose side a rule is applied on. What a consumer-side rule asks of the consumer must hold for all consumers. */
export type Side = "provider" | "consumer";

/** @throws BadRule */
export function matchConditions(match: Mapping, side: Side): Condition[] {
  const conditions: Condition[] = [];
  const ofCaller = side === "consumer";
  const address = part(match, "address", addressMatch);
  if (address) conditions.push(({ instance }) => address(ofCaller ? undefined : instance.address));
  const providerAddress = part(match, "providerAddress", addressMatch);
  if (providerAddress) {
    conditions.push(({ instance }) => instance.ports.some(({ number }) => providerAddress(`${instance.address}:${number}`)));
  }
  const service = part(match, "service", oneOf);
  if (service) conditions.push(({ key }) => service(servicePattern(key)));
  const application = part(match, "app", oneOf);
  if (application) conditions.push((subject) => application(ofCaller ? undefined : parameterOf(subject, "application")));
  for (const each of listAt(match, "param")) {
    const parameter = mappingOf(each, "`param`");
    const name = textAt(parameter, "key");
    const value = part(parameter, "value", textMatch);
    conditions.push((subject) => {
      const text = name === undefined ? undefined : parameterOf(subject, name);
      return text !== undefined && (value?.(text) ?? false);
    });
  }
  return conditions;
}

function part(mapping: Mapping, key: string, read: (value: Mapping) => TextCondition): TextCondition | undefined {
  const value = member(mapping, key);
  return value === undefined ? undefined : read(mappingOf(value, `\`${key}\``));
}

function oneOf(value: Mapping): TextCondition {
  const conditions = listAt(value, "oneof").map((each) => textMatch(mappingOf(each, "`oneof`")));
  return (text) => conditions.some((holds) => holds(text));
}

/** The first word counts (`StringMatch`). A text that is not known to be the same everywhere matches only `*`. */
function textMatch(value: Mapping): TextCondition {
  const exact = textAt(value, "exact");
  if (exact !== undefined) return (text) => text === exact;
  const prefix = textAt(value, "prefix");
  if (prefix !== undefined) return (text) => text?.startsWith(prefix) ?? false;
  if (textAt(value, "regex") !== undefined) throw new BadRule("`regex` is not supported");
  const wildcard = textAt(value, "wildcard");
  if (wildcard !== undefined) return (text) => wildcard === "*" || text === wildcard;
  if (textAt(value, "noempty") !== undefined) return (text) => text !== undefined && text !== "";
  return () => false;
}

/** The first word counts (`AddressMatch`); `cird` is how Dubbo spells it. */
function addressMatch(value: Mapping): TextCondition {
  const network = textAt(value, "cird");
  if (network !== undefined) return inNetwork(network);
  const wildcard = textAt(value, "wildcard");
  if (wildcard !== undefined) return wildcard === "*" || wildcard === "0.0.0.0" ? () => true : likePattern(wildcard);
  const exact = textAt(value, "exact");
  return (text) => exact !== undefined && text === exact;
}

/** `10.1.0.0/16`, or a pattern without a slash. */
function inNetwork(network: string): TextCondition {
  const slash = network.indexOf("/");
  if (slash < 0) return likePattern(network);
  const base = network.slice(0, slash);
  const prefix = network.slice(slash + 1);
  const version = isIP(base);
  if (version === 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > (version === 4 ? 32 : 128)) {
    throw new BadRule(`${JSON.stringify(network.slice(0, 120))} is no network`);
  }
  const networks = new BlockList();
  networks.addSubnet(base, Number(prefix), version === 4 ? "ipv4" : "ipv6");
  return (text) => {
    if (text === undefined) return false;
    const address = isIP(text) ? text : text.replace(/:\d+$/, "");
    const family = isIP(address);
    return family !== 0 && networks.check(address, family === 4 ? "ipv4" : "ipv6");
  };
}

/** Its last `*` stands for any characters. */
function likePattern(pattern: string): TextCondition {
  const star = pattern.lastIndexOf("*");
  if (star < 0) return (text) => text === pattern;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return (text) => (text?.startsWith(before) && text.endsWith(after)) ?? false;
}
