import type { Ending as AnyEnding } from "../../server-rotation.ts";

/**
 * How a session ended, as any connection can or:
 * - `one-shot`: the server is well, but its recursive watches are missing or tell too little; the next session does without them
 */
export type Ending = AnyEnding | "one-shot";

/** Why a session was given up. */
export interface Doubt {
  readonly ending: Ending;
  readonly reason: string;
}
