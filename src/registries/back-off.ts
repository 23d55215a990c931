/** How long to wait before the next start: doubling, with jitter so that many do not return at once. */
export interface BackOffLimits {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** @param attempt 0 for the first restart. @param random in [0, 1). */
export function backOff(attempt: number, { firstMs, mostMs }: BackOffLimits, random: number): number {
  const full = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 30));
  return full / 2 + (full / 2) * random;
}
