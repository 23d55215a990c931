/** Why something is served otherwise than its registry says it. */

/**
 * - `reconnect`, `suspicion`: the registry's word may be that of one that has just started
 * - `restart`: ours; what is served comes from an earlier process
 * - `mass-removal`: too much left at once, of the registry or of one service
 * - `growth`: too much came at once
 * - `freeze`, `pause`: an operator's word
 */
export type HoldReason = "reconnect" | "restart" | "suspicion" | "mass-removal" | "growth" | "freeze" | "pause";

export interface Hold {
  readonly why: HoldReason;
  /** In words. */
  readonly detail: string;
  /** Epoch ms. */
  readonly since: number;
  /** Epoch ms at which it ends by itself, as things are; absent: it does not, or nobody can tell. */
  readonly until?: number | undefined;
}

/** A hold of one item of the registry. */
export interface ItemHold extends Hold {
  readonly itemId: string;
}
