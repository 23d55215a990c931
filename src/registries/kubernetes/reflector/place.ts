/** Where the objects of a resource are followed. */
import { nameFilter } from "../../name-filter.ts";

/** What is followed of a resource: one namespace, or all. */
export interface Place {
  readonly namespace: string | undefined;
  readonly wanted: (namespace: string) => boolean;
}

/** Plain names are followed one by one, so that a credential for these namespaces is enough. */
export function placesOf(settings: { readonly namespaces: readonly string[]; readonly excludeNamespaces: readonly string[] }): Place[] {
  const { namespaces, excludeNamespaces } = settings;
  const plain = namespaces.length > 0 && namespaces.every((name) => !/[*?]/.test(name));
  if (!plain) return [{ namespace: undefined, wanted: nameFilter(namespaces, excludeNamespaces) }];
  const wanted = nameFilter([], excludeNamespaces);
  return [...new Set(namespaces)].filter(wanted).map((namespace) => ({ namespace, wanted }));
}
