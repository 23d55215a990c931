import type { ConnectionSettings } from "../connection/settings.ts";

/** What the session needs to know; made by the schema in `kind.ts`. Times in ms. */
export interface DubboSettings extends ConnectionSettings {
  /** Path of Dubbo's registry group: `/dubbo`. */
  readonly root: string;
  readonly maxInFlight: number;
  readonly relistInterval: number;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly consumers: boolean;
  readonly rules: boolean;
  readonly applications: {
    readonly enabled: boolean;
    /** Path of the tree in which applications register: `/services`. */
    readonly root: string;
    /** What becomes of instances of which nothing tells the services. */
    readonly fallback: "application" | "mapping" | "none";
  };
}
