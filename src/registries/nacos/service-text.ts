import type { ServiceName } from "./naming-source.ts";

/** As Nacos itself writes a service's name and group: `group@@name`. */
export function serviceText({ group, name }: ServiceName): string {
  return `${group}@@${name}`;
}

/** The service behind its text. */
export function parseServiceText(text: string): ServiceName {
  const at = text.indexOf("@@");
  return { group: text.slice(0, at), name: text.slice(at + 2) };
}
