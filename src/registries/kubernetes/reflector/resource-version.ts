/**
 * Resource versions of one API server are decimal numbers that only grow, as long as its etcd is the same. They may be
 * too large for a double.
 */

/** True if both are such numbers and the first is the smaller one. */
export function isOlder(version: string, than: string): boolean {
  if (!isNumber(version) || !isNumber(than)) return false;
  return version.length === than.length ? version < than : version.length < than.length;
}

function isNumber(version: string): boolean {
  return /^(0|[1-9]\d{0,30})$/.test(version);
}
