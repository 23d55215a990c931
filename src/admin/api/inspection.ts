/** What the admin API may look at, beside the views that metrics have: composed by the runtime, read only. */
import type { Catalog } from "../../catalog/catalog.ts";
import type { MeshConfig } from "../../config/schema.ts";
import type { MeshProblem } from "../../mesh/mesh-object.ts";
import type { Snapshot, TypeKey } from "../../snapshot/snapshot.ts";
import type { ClientView } from "../../xds/stream/client-view.ts";
import type { StateDiff } from "../state-diff.ts";
import type { AdminViews } from "../views.ts";

export interface Inspection {
  readonly views: AdminViews;
  readonly version: string;
  /** Epoch ms. */
  readonly startedAt: number;
  ports(): readonly ListeningPort[];
  /** What is served now. */
  snapshot(): Snapshot;
  clients(): readonly ClientView[];
  /** Which shard serves "namespace/name". */
  shardOf(name: string): number;
  readonly catalog: Pick<Catalog, "explain" | "find" | "get" | "hosts">;
  mesh(): MeshConfig;
  /** A text from outside without the secrets of the configuration. */
  redact(text: string): string;
  /** What a candidate configuration would change; throws CandidateErrors. `name`: how messages call it. */
  diff?(text: string, name: string, signal: AbortSignal): Promise<StateDiff>;
  /** The virtual address of "namespace/host". */
  vip(name: string): string | undefined;
  /** What the last translation of "namespace/name" left out. */
  problems(type: TypeKey, name: string): readonly MeshProblem[];
  /** What istiod holds of "namespace/name"; absent where istiod is not asked. */
  readBack?(type: TypeKey, name: string): ReadBackView | undefined;
}

export interface ListeningPort {
  /** `xds`, `metrics`, `admin`. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

export interface ReadBackView {
  /** One word, such as `accepted` or `missing`. */
  readonly state: string;
  readonly detail: string;
}
