/**
 * How a session ended:
 * - `unreachable`: the connection was refused, or broke before the greeting was answered
 * - `mute`: no answer to the greeting in time
 * - `broken`: the session had been established
 * - `refused`: one of both knows the other and will not have it; trying again soon would not help
 * - `one-shot`: the server is well, but its recursive watches are missing or tell too little; the next session does without them
 */
export type Ending = "unreachable" | "mute" | "broken" | "refused" | "one-shot";

/** Why a session was given up. */
export interface Doubt {
  readonly ending: Ending;
  readonly reason: string;
}
