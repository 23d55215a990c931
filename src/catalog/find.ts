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
  // Parsing ten thousand keys would hold the event loop; most can be told from their text.
  const likely = likelyIn(query);
  for (const [host, parts] of services.served()) {
    // Several where they are declared to be one; almost always there is one name.
    for (const itemId of new Set(parts.map((part) => part.itemId))) {
      const text = keyTextOf(itemId);
      if (!likely.test(`|${text}|`)) continue;
      const key = parseKeyText(text);
      if (!meansKey(query, key)) continue;
      const ofKey = parts.filter((part) => part.itemId === itemId);
      const registries = [...new Set(ofKey.map(({ source }) => source.id))].sort();
      found.push({ host, key, protocol: protocolOf(ofKey[0]?.identity ?? "", text), registries, refusal: undefined });
    }
  }
  for (const source of sources) {
    for (const [itemId, refusals] of source.refusals) {
      const text = keyTextOf(itemId);
      if (!likely.test(`|${text}|`)) continue;
      const key = parseKeyText(text);
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

/** Matches every `|…|` text of a key that the query may mean, and few others. */
function likelyIn(query: string): RegExp {
  // Bars separate in an exact text and are escaped in a name; the longest part without anything that separates is there in any case.
  if (/[|\\]/.test(query)) {
    const [longest = ""] = query.split(/[|\\/:]/).sort((one, other) => other.length - one.length);
    return new RegExp(literally(longest), "i");
  }
  // Whatever a slash or a colon separates: what is between the last slash and the first colon behind it ends there in the key, too.
  const bare = query.slice(query.lastIndexOf("/") + 1).replace(/:.*$/s, "");
  return new RegExp(`[|/]${literally(bare)}[|:]`, "i");
}

function literally(text: string): string {
  return text.replace(/[^\w]/g, "\\$&");
}

function keyTextOf(itemId: string): string {
  return itemId.slice("service/".length);
}

/** An identity is the key and the protocol, but where services are declared to be one. */
function protocolOf(identity: string, key: string): string | undefined {
  return identity.startsWith(`${key}|`) ? identity.slice(key.length + 1) || undefined : undefined;
}
