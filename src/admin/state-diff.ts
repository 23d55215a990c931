/** What a candidate configuration would change, as the runtime finds it and the API tells it. */
import type { FieldDifference } from "../mesh/object-diff.ts";
import type { TypeKey } from "../snapshot/snapshot.ts";

export interface StateDiff {
  /** Sections of the configuration that differ, such as `mesh`. */
  readonly sections: readonly string[];
  /** Settings that differ and are read only at start. */
  readonly needsRestart: readonly string[];
  readonly registries: readonly RegistryChange[];
  readonly objects: ObjectChanges;
  /** What the comparison cannot know, in sentences. */
  readonly notes: readonly string[];
}

export interface RegistryChange {
  readonly id: string;
  readonly change: "added" | "removed" | "changed" | "reordered";
  /** Keys that differ, such as `naming.template`. */
  readonly settings: readonly string[];
}

export interface ObjectChanges {
  readonly unchanged: number;
  /** Lost, renamed, changed, added; by name among each. */
  readonly changes: readonly ObjectChange[];
}

export interface ObjectChange {
  readonly type: TypeKey;
  /** "namespace/name"; of a renamed one as it is now. */
  readonly name: string;
  readonly change: "lost" | "renamed" | "changed" | "added";
  readonly renamedTo?: string;
  readonly fields: readonly FieldDifference[];
}

/** Something is wrong with the candidate, not with the comparison: the text has a line for each problem, with its position. */
export class CandidateErrors extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CandidateErrors";
  }
}
