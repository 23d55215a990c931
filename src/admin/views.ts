/** What the admin room may look at: read-only views that the runtime composes from every room. */
import type { ProtectionReport } from "../catalog/view/protection-report.ts";
import type { PlaceReport } from "../clusters/cluster-manager.ts";
import type { ClusterView } from "../clusters/cluster-view.ts";
import type { StateReport } from "../last-known-good/registry-state.ts";
import type { ReadBackView } from "../read-back/view.ts";
import type { RegistryStatus } from "../registries/feed.ts";
import type { TypeKey } from "../snapshot/snapshot.ts";

export interface RegistryView {
  readonly id: string;
  readonly type: string;
  readonly required: boolean;
  readonly status: RegistryStatus;
  /** Bytes held by its worker, as of the last heartbeat. */
  readonly memory: { readonly heap: number; readonly external: number };
  readonly services: number;
  readonly endpoints: number;
  /** Endpoints that the registry no longer names but a hold keeps. */
  readonly heldEndpoints: number;
  readonly holdReason: string | undefined;
  readonly protection: ProtectionReport;
  readonly resources: number;
  readonly facts: number;
  /** Items that arrived, by what happened to them: `upsert`, `remove`, `listing`. */
  readonly events: Readonly<Record<string, number>>;
  /** Skipped data by problem code, since the start. */
  readonly problems: Readonly<Record<string, number>>;
}

export interface TypeView {
  readonly type: TypeKey;
  readonly resources: number;
  readonly bytes: number;
  readonly digest: string;
}

export interface ClientView {
  readonly node: string;
  readonly peer: string;
  /** Which part of the state it is served, from 0; always 0 without `xds.shards`. */
  readonly shard: number;
  readonly types: readonly { readonly type: string; readonly sent: string | undefined; readonly acked: string | undefined }[];
}

export interface MergeView {
  /** Services whose registries a policy chooses, by policy. */
  readonly services: Readonly<Record<string, number>>;
  readonly conflicts: number;
  /** Services that are about to be served by another registry. */
  readonly pending: number;
  readonly shadows: readonly { readonly registry: string; readonly missing: number; readonly extra: number }[];
}

export interface ClustersView {
  readonly places: readonly PlaceReport[];
  readonly clusters: readonly ClusterView[];
}

export interface AdminViews {
  /** True once the xDS port accepts. */
  listening(): boolean;
  /** True once first answers may be given: every required registry was listed. */
  complete(): boolean;
  registries(): readonly RegistryView[];
  clusters(): ClustersView;
  types(): readonly TypeView[];
  clients(): readonly ClientView[];
  stateDigest(): string;
  sequence(): number;
  /** What is withheld or left out right now, by cost and problem code. */
  rejected(): readonly { readonly costs: string; readonly code: string; readonly count: number }[];
  /** Services that wanted one host; names refused; clashes of ready resources. */
  clashes(): readonly { readonly code: string; readonly count: number }[];
  /** What merging decided and met. */
  merges(): MergeView;
  /** What is kept of each registry for a restart; empty where nothing is. */
  kept(): readonly StateReport[];
  /** What istiod took of what was sent; absent where it is not asked. */
  readonly readBack?: ReadBackView;
}
