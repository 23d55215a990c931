/** What operators may say to this process by the admin API: composed by the runtime. In effect on this process only. */

/** A registry, or its source in a cluster, that is frozen or paused, and why. */
export interface StandingWord {
  readonly registry: string;
  readonly word: string;
}

export interface Said {
  /** False: this process had been told so already. */
  readonly changed: boolean;
  /** Everything that is frozen, or paused, now. */
  readonly standing: readonly StandingWord[];
  /** Why it does not survive a restart; undefined: it does. */
  readonly notKept: string | undefined;
}

export interface Released {
  /** One of the two is empty. */
  readonly registries: readonly string[];
  readonly hosts: readonly string[];
  /** Items of which something was held. */
  readonly count: number;
}

/** What an operator wants of a registry. */
export type OperatorVerb = "freeze" | "unfreeze" | "pause" | "resume";

export interface Operations {
  /** What a word may name: registries, and their sources in clusters. */
  targets(): readonly string[];
  /** Undefined: there is no such registry, host or service. `by`: who says it, for the log. */
  release(target: string, by: string): Released | undefined;
  /** `registry`: one of the targets; undefined: all. */
  say(verb: OperatorVerb, registry: string | undefined, by: string): Promise<Said>;
}
