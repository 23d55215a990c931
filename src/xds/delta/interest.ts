/**
 * What a delta client asked for in one type: names, and prefixes ("" for `*`, "ns/" for `ns/*`). Kept apart
 * from what it holds: a name that does not exist stays asked for, and `*` stays until it is taken back.
 */
export class Interest {
  readonly names = new Set<string>();
  readonly prefixes = new Set<string>();

  /** Everything is asked for. */
  get isWildcard(): boolean {
    return this.prefixes.has("");
  }

  covers(name: string): boolean {
    return this.names.has(name) || this.coversByPrefix(name);
  }

  coversByPrefix(name: string): boolean {
    return underAny(this.prefixes, name);
  }
}

/** The prefix that a subscription stands for; undefined where it is a plain name. */
function prefixOf(subscription: string): string | undefined {
  if (subscription === "*") return "";
  return /^[^/*]+\/\*$/.test(subscription) ? subscription.slice(0, -1) : undefined;
}

/** Whether a name lies under one of the prefixes. */
export function underAny(prefixes: ReadonlySet<string>, name: string): boolean {
  return prefixes.has("") || prefixes.has(name.slice(0, name.indexOf("/") + 1));
}

/** Takes what a request lists apart. */
export function split(subscriptions: Iterable<string>): { readonly names: ReadonlySet<string>; readonly prefixes: ReadonlySet<string> } {
  const names = new Set<string>();
  const prefixes = new Set<string>();
  for (const subscription of subscriptions) {
    const prefix = prefixOf(subscription);
    if (prefix === undefined) names.add(subscription);
    else prefixes.add(prefix);
  }
  return { names, prefixes };
}
