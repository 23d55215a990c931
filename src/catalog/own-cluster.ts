/**
 * Services of istiod's own cluster, which it serves by itself: facts about them tell which hosts of ours it has, too. Its
 * hosts are `name.namespace.svc.` and the cluster domain.
 */

/** `namespace/name` of the Service that has this host; undefined: no Service can. */
export function ownServiceOf(host: string, clusterDomain: string): string | undefined {
  const end = `.svc.${clusterDomain}`;
  if (!host.endsWith(end)) return undefined;
  const [name, namespace, ...more] = host.slice(0, -end.length).split(".");
  return name && namespace && more.length === 0 ? `${namespace}/${name}` : undefined;
}

/** The `namespace/name` in the id of a fact about a Service; undefined: it is another fact. */
export function serviceOfFact(id: string): string | undefined {
  return /^fact\/[^/]*\/[^/]*\/service\/([^/]+\/[^/]+)$/.exec(id)?.[1];
}

/** @param service `namespace/name` */
export function hostOfOwnService(service: string, clusterDomain: string): string {
  const [namespace, name] = service.split("/");
  return `${name}.${namespace}.svc.${clusterDomain}`;
}
