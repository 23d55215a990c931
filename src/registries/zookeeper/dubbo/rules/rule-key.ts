/** Names of the config centre's nodes that hold rules about providers, beside those of routers and others. */
import type { ServiceKey } from "../../../service.ts";

const suffix = ".configurators";

/** Whom a rule is about. */
export type RuleKey = { readonly application: string } | { readonly interface: string };

export function isRuleNode(node: string): boolean {
  return node.endsWith(suffix);
}

export function applicationRuleNode(application: string): string {
  return application + suffix;
}

/** Also where version and group are empty, the colons are there. */
export function serviceRuleNode({ name, group = "", version = "" }: ServiceKey): string {
  return `${name}:${version}:${group}${suffix}`;
}

export function parseRuleNode(node: string): RuleKey {
  const colon = node.indexOf(":");
  return colon < 0 ? { application: node.slice(0, -suffix.length) } : { interface: node.slice(0, colon) };
}
