/** What can be changed at run time by the admin API: composed by the runtime. In effect on this process only. */

/** Who asks for a change, as the log tells it, and how messages call what was given. */
export interface ChangeRequest {
  /** An excerpt of a configuration, as YAML or JSON. */
  readonly text: string;
  readonly shownAs: string;
  readonly by: string;
  /** Refuse what is there already, instead of changing it. */
  readonly onlyNew: boolean;
}

export interface ChangeOutcome {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
  readonly removed: readonly string[];
  /** Why it does not survive a restart; undefined: it does. */
  readonly notKept: string | undefined;
}

/** A registry, or a cluster that was named, and to whom it belongs. */
export interface OwnedEntry {
  readonly id: string;
  /** Of a registry, its kind. */
  readonly type: string;
  /** Where it is written: `tributary.yaml:3:5`; undefined: it was added at run time. */
  readonly position: string | undefined;
  /** Who added it, and when (epoch ms). */
  readonly by?: string;
  readonly at?: number;
  /** An excerpt of a configuration with it alone, as it was given: references are not resolved. */
  readonly excerpt?: object;
  /** Why it cannot be used. */
  readonly problem?: string | undefined;
}

export interface Changes {
  registries(): readonly OwnedEntry[];
  /** @throws ChangeRefused */
  setRegistries(request: ChangeRequest): Promise<ChangeOutcome>;
  /** @throws ChangeRefused */
  removeRegistry(id: string, by: string): Promise<ChangeOutcome>;
  /** Those of the configuration's list and the added ones. */
  clusters(): readonly OwnedEntry[];
  /** `kubeconfigs`: texts by cluster, of those that name no file. @throws ChangeRefused */
  setClusters(request: ChangeRequest, kubeconfigs: Readonly<Record<string, string>>): Promise<ChangeOutcome>;
  /** @throws ChangeRefused */
  removeCluster(id: string, by: string): Promise<ChangeOutcome>;
  /** `undefined`: as without one that was set at run time. @throws ChangeRefused */
  setDefaultCluster(id: string | undefined, by: string): Promise<ChangeOutcome>;
}

/**
 * - `invalid`: something is wrong with what was given; the text has a line for each problem, with its position
 * - `taken`: the id belongs to somebody else
 * - `unknown`: there is no such id
 * - `full`: more cannot be added
 */
export type RefusalKind = "invalid" | "taken" | "unknown" | "full";

export class ChangeRefused extends Error {
  readonly kind: RefusalKind;

  constructor(kind: RefusalKind, message: string) {
    super(message);
    this.name = "ChangeRefused";
    this.kind = kind;
  }
}
