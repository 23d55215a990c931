/**
 * How short names are completed: the search list of `/etc/resolv.conf`. In Kubernetes it is what
 * makes `orders` or `orders-0.orders` a name at all.
 */

export interface SearchList {
  readonly domains: readonly string[];
  /** A name with fewer dots is tried with the domains first. */
  readonly dots: number;
}

/** As resolvers do: the last `search` or `domain` line counts. */
export function parseSearchList(resolvConf: string): SearchList {
  let domains: readonly string[] = [];
  let dots = 1;
  for (const line of resolvConf.split("\n")) {
    const [keyword, ...words] = line
      .replace(/[#;].*$/, "")
      .trim()
      .split(/\s+/);
    if (keyword === "search") domains = words.filter((word) => word !== "").slice(0, maxDomains);
    else if (keyword === "domain") domains = words.slice(0, 1);
    else if (keyword === "options") {
      for (const word of words) {
        const count = /^ndots:(\d{1,2})$/.exec(word)?.[1];
        if (count !== undefined) dots = Math.min(maxDots, Number(count));
      }
    }
  }
  return { domains: domains.map((domain) => domain.replace(/\.$/, "")).filter((domain) => domain !== ""), dots };
}

const maxDomains = 32;
/** glibc's bound. */
const maxDots = 15;
/** Longest name in text form, without the dot at its end. */
const maxName = 253;

/** The complete names that a name may stand for, in the order in which they are asked. One with a dot at its end is complete. */
export function candidates(name: string, { domains, dots }: SearchList): string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const completed = domains.map((domain) => `${name}.${domain}`).filter((candidate) => candidate.length <= maxName);
  return name.split(".").length - 1 >= dots ? [name, ...completed] : [...completed, name];
}
