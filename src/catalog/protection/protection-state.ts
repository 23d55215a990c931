/** The three states of a registry, or of what it gives of one service, as people and alerts see them. */

/**
 * - `live`: served as the registry says it
 * - `stale`: the registry is not heard (not yet, out of reach, paused), its last state is served
 * - `protected`: served otherwise than the registry says it, or its next removal would wait
 */
export type ProtectionState = "live" | "stale" | "protected";

export const protectionStates: readonly ProtectionState[] = ["live", "stale", "protected"];

export interface StateFacts {
  readonly isLive: boolean;
  readonly isFrozen: boolean;
  /** Something is kept that the registry no longer names, or not served that it names. */
  readonly differs: boolean;
  /** A hold is open, whether or not it holds anything. */
  readonly isHolding: boolean;
}

/** Every reconnect opens a hold, so one that holds nothing says less of a registry than that it is not heard. */
export function protectionState({ isLive, isFrozen, differs, isHolding }: StateFacts): ProtectionState {
  if (isFrozen || differs) return "protected";
  if (!isLive) return "stale";
  return isHolding ? "protected" : "live";
}

/** Of several: something protected wants to be seen before something stale. */
export function mostRemarkable(states: readonly ProtectionState[]): ProtectionState {
  return protectionStates.findLast((state) => states.includes(state)) ?? "live";
}
