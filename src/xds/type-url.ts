/**
 * What a requested type URL means to us. istiod names types `group/version/Kind` and changes the
 * version between its releases, so the version never decides what is served.
 */
import { ownedTypes, type TypeKey } from "../snapshot/snapshot.ts";

/** Longest type URL that is accepted, in UTF-16 units; real ones are below 70. */
export const maxTypeUrlLength = 512;

/** What a resource of a delta response holds: istiod's envelope around the object, or the object itself. */
export type ResourceForm = "envelope" | "object";

const owned: ReadonlyMap<string, TypeKey> = new Map(ownedTypes.map((type) => [type, type]));
const objects: ReadonlyMap<string, TypeKey> = new Map(ownedTypes.map((type) => [objectTypeUrl(type), type]));

/**
 * The table that answers a type URL, or undefined for types we do not own: those (MeshConfig's
 * `core/v1alpha1/MeshConfig` among them) are answered empty, because istiod becomes ready only
 * after every type it asked for was answered.
 */
export function ownedType(typeUrl: string): TypeKey | undefined {
  const parts = typeUrl.split("/");
  return parts.length === 3 && parts[1] !== "" ? owned.get(`${parts[0]}/${parts[2]}`) : undefined;
}

/**
 * The same for delta, where objects may also be asked for by their message, without the envelope: Istio's own
 * delta client knows only resources whose Any has the response's type URL.
 */
export function deltaType(typeUrl: string): { readonly type: TypeKey | undefined; readonly form: ResourceForm } {
  const type = objects.get(typeUrl);
  return type ? { type, form: "object" } : { type: ownedType(typeUrl), form: "envelope" };
}

/** `type.googleapis.com/istio.networking.v1alpha3.ServiceEntry`: the message of a type, as an Any names it. */
export function objectTypeUrl(type: TypeKey): string {
  return `type.googleapis.com/istio.networking.v1alpha3.${type.slice(type.indexOf("/") + 1)}`;
}
