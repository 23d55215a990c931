/** What a service is made of, as far as registries say it: a digest that survives a restart of an unchanged registry. */
import { hash } from "node:crypto";
import { portsText } from "../naming/known-ports.ts";
import type { ServiceIndex } from "./service-index.ts";

/**
 * Over everything that gives the service under "namespace/host": texts, remembered ports, names and the settings of the registries they
 * are named by. Undefined: nothing gives it, or it also depends on something else (what facts add, a registry that is drained).
 */
export function inputDigest(namespaceAndHost: string, services: Pick<ServiceIndex, "servedAt" | "otherHostsOf">): string | undefined {
  const inputs: string[][] = [];
  for (const part of services.servedAt(namespaceAndHost)) {
    const { source, itemId, identity } = part;
    const text = source.view.items.get(itemId)?.text;
    if (text === undefined || source.enrichment !== undefined || source.view.isDrained) return undefined;
    const ports = portsText(source.known.get(itemId) ?? []);
    const otherHosts = services.otherHostsOf(part);
    // Texts are long: each is hashed as it is, instead of copied.
    inputs.push([source.id, `${source.priority}`, source.settingsDigest, itemId, identity, ports, hash("sha256", text), ...otherHosts]);
  }
  return inputs.length === 0 ? undefined : hash("sha256", JSON.stringify(inputs.sort())).slice(0, 32);
}
