/** Where a request's path points to. */
export interface Target {
  /** Plural and group: `services`, `endpointslices.discovery.k8s.io`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  /** Undefined: the whole collection. */
  readonly name: string | undefined;
}

/** Undefined: nothing that holds objects. Subresources are not known. */
export function targetOf(pathname: string): Target | undefined {
  const parts = pathname.split("/").filter((part) => part !== "");
  const [root, group = ""] = parts;
  const rest = root === "api" ? parts.slice(2) : root === "apis" ? parts.slice(3) : [];
  // `/api/v1/namespaces/x` is an object, `/api/v1/namespaces/x/pods` what lies in it.
  const inside = rest[0] === "namespaces" && rest.length > 2;
  const [plural, name, ...more] = inside ? rest.slice(2) : rest;
  if (plural === undefined || more.length > 0) return undefined;
  return { resource: root === "api" ? plural : `${plural}.${group}`, namespace: inside ? rest[1] : undefined, name };
}
