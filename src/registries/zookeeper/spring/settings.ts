import type { ConnectionSettings } from "../connection/settings.ts";

/** What the session needs to know; made by the schema in `kind.ts`. Times in ms. */
export interface SpringSettings extends ConnectionSettings {
  /** Path of the services tree: `/services`. */
  readonly root: string;
  readonly maxInFlight: number;
  readonly relistInterval: number;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}
