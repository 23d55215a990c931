/**
 * Endpoints that mark a change: their addresses are found in the raw bytes of an answer, so a
 * client knows which changes arrived without decoding 20 MB. From 198.18.0.0/16, which is
 * reserved for benchmarks; all other endpoints are in 10.0.0.0/8.
 */
const prefix = "198.18.";

export const maxMarkers = 65_536;

/** @param marker 0 … `maxMarkers` - 1 */
export function markerAddress(marker: number): string {
  return `${prefix}${marker >> 8}.${marker & 255}`;
}

export function findMarkers(bytes: Buffer): Set<number> {
  const found = new Set<number>();
  for (let at = bytes.indexOf(prefix, 0, "latin1"); at >= 0; at = bytes.indexOf(prefix, at + prefix.length, "latin1")) {
    const [, high, low] = /^(\d+)\.(\d+)/.exec(bytes.toString("latin1", at + prefix.length, at + prefix.length + 7)) ?? [];
    if (high !== undefined && low !== undefined) found.add(Number(high) * 256 + Number(low));
  }
  return found;
}

/** Those that only the first set has. */
export function without(markers: ReadonlySet<number>, others: ReadonlySet<number>): number[] {
  return [...markers].filter((marker) => !others.has(marker));
}
