/**
 * What a requested type URL means to us. istiod names types `group/version/Kind` and changes the
 * version between its releases, so the version never decides what is served.
 */
import { ownedTypes, type TypeKey } from "../snapshot/snapshot.ts";

/** Longest type URL that is accepted, in UTF-16 units; real ones are below 70. */
export const maxTypeUrlLength = 512;

const owned: ReadonlyMap<string, TypeKey> = new Map(ownedTypes.map((type) => [type, type]));

/**
 * The table that answers a type URL, or undefined for types we do not own: those (MeshConfig's
 * `core/v1alpha1/MeshConfig` among them) are answered empty, because istiod becomes ready only
 * after every type it asked for was answered.
 */
export function ownedType(typeUrl: string): TypeKey | undefined {
  const parts = typeUrl.split("/");
  return parts.length === 3 && parts[1] !== "" ? owned.get(`${parts[0]}/${parts[2]}`) : undefined;
}
