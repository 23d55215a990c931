/** Services by the name that their registry gives them, as people have it at hand. */
import { keyText, parseKeyText, type ServiceKey } from "../registries/service.ts";
import type { ServiceIndex } from "./service-index.ts";
import type { Source } from "./source.ts";

export interface FoundService {
  /** "namespace/host"; undefined: it got no host. */
  readonly host: string | undefined;
  readonly key: ServiceKey;
  /** Absent where the service declares its ports. */
  readonly protocol: string | undefined;
  /** Sorted. */
  readonly registries: readonly string[];
  /** Why it got no host. */
  readonly refusal: string | undefined;
}

/**
 * Whether a name means this key: the bare name, `group/name`, `name:version`, `group/name:version`,
 * or the exact text form. Case counts for nothing: it is what people get wrong, and hosts have none.
 */
function meansKey(query: string, key: ServiceKey): boolean {
  const { group, name, version } = key;
  const forms = [name, `${group ?? ""}/${name}`, `${name}:${version ?? ""}`, `${group ?? ""}/${name}:${version ?? ""}`, keyText(key)];
  const wanted = query.toLowerCase();
  return forms.some((form) => form.toLowerCase() === wanted);
}

/** Every part of every service that the name may mean, hosts first; a scan over all of them. */
export function findServices(query: string, services: ServiceIndex, sources: Iterable<Source>): readonly FoundService[] {
  const found: FoundService[] = [];
  // Parsing ten thousand identities would take longer than looking whether the name is in there at all.
  const bare = new RegExp(bareName(query).replace(/[^\w]/g, "\\$&"), "i");
  for (const [host, parts] of services.served()) {
    const identity = parts[0]?.identity ?? "";
    if (!bare.test(identity)) continue;
    const { key, protocol } = parseIdentity(identity);
    if (!meansKey(query, key)) continue;
    const registries = [...new Set(parts.map(({ source }) => source.id))].sort();
    found.push({ host, key, protocol, registries, refusal: undefined });
  }
  for (const source of sources) {
    for (const [itemId, refusals] of source.refusals) {
      const key = parseKeyText(itemId.slice("service/".length));
      if (source.parts.has(itemId) || !meansKey(query, key)) continue;
      found.push({
        host: undefined,
        key,
        protocol: undefined,
        registries: [source.id],
        refusal: refusals.map(({ message }) => message).join("; "),
      });
    }
  }
  return found;
}

/** The last part of a query that surely stands in an exact name. */
function bareName(query: string): string {
  if (query.includes("|")) return "";
  return query.slice(query.indexOf("/") + 1).replace(/:[^:]*$/, "");
}

/** An identity is `kind|namespace|group|name|version|protocol`, escaped as key texts are. */
function parseIdentity(identity: string): { key: ServiceKey; protocol: string | undefined } {
  const lastBar = identity.lastIndexOf("|");
  const protocol = identity.slice(lastBar + 1);
  return { key: parseKeyText(identity.slice(identity.indexOf("|") + 1, lastBar)), protocol: protocol === "" ? undefined : protocol };
}
