/** `[group/]interface[:version]`, as rules name services (`BaseServiceMetadata.buildServiceKey`). */
import type { ServiceKey } from "../../../service.ts";
import type { Condition } from "./rule.ts";

/** How rules write a service. */
export function servicePattern({ name, group, version }: ServiceKey): string {
  return `${group === undefined ? "" : `${group}/`}${name}${version === undefined ? "" : `:${version}`}`;
}

/** Holds for exactly these services; `*` is every one. */
export function isAnyService(patterns: readonly string[]): Condition {
  if (patterns.includes("*")) return () => true;
  const wanted = new Set(patterns.map(normal));
  return ({ key }) => wanted.has(servicePattern(key));
}

/** As `isAnyService`, but a part that the pattern leaves out may be anything. */
export function isServiceLike(pattern: string): Condition {
  if (pattern === "*") return () => true;
  const [, group = "", name, version = ""] = parts.exec(normal(pattern))!;
  return ({ key }) => key.name === name && (group === "" || group === key.group) && (version === "" || version === key.version);
}

const parts = /^(?:([^/]*)\/)?([^:]*)(?::(.*))?$/s;

/** Dubbo treats 0.0.0 as no version. */
function normal(pattern: string): string {
  return pattern.endsWith(":0.0.0") ? pattern.slice(0, -":0.0.0".length) : pattern;
}
