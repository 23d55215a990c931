/** What passes between the main thread and the one that reads a candidate configuration. */
import type { Config } from "../../config/schema.ts";

export interface CandidateText {
  readonly text: string;
  /** The running configuration's file: the candidate is to take its place, so relative paths count from there. */
  readonly file: string;
  /** How messages call the candidate. */
  readonly shownAs: string;
}

export type ReadCandidate =
  | {
      readonly config: Config;
      /** By `pathText`: values with references, as they are written. */
      readonly written: ReadonlyMap<string, string>;
    }
  | { readonly errors: string };
