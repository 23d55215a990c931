/**
 * The smallest value that at least this share of the values does not exceed.
 * @param share 0 … 1; 0.5 is the (lower) median, 1 the maximum
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error("no values");
  return value;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
