/** Order of texts by code units: the same on every machine, unlike a locale's order. */
export function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
