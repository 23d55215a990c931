/** A registry that reads clusters is one source per cluster: `REGISTRY/CLUSTER`. Every other registry is its own source. */

export function sourceId(registry: string, cluster: string): string {
  return `${registry}/${cluster}`;
}

/** The id in the configuration. */
export function registryOf(source: string): string {
  const slash = source.indexOf("/");
  return slash < 0 ? source : source.slice(0, slash);
}

/** Undefined: the registry has nothing to do with clusters. */
export function clusterOf(source: string): string | undefined {
  const slash = source.indexOf("/");
  return slash < 0 ? undefined : source.slice(slash + 1);
}
