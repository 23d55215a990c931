/** The settings of the translation in the form it uses them, compiled once per configuration. */
import type { MeshConfig } from "../config/schema.ts";
import { compileLabelFilter, type LabelFilter } from "./labels.ts";
import { istioProfile } from "./profiles/istio.ts";
import type { Profile } from "./profiles/profile.ts";

export interface MeshPolicy {
  readonly profile: Profile;
  /** Visibility of generated ServiceEntries. */
  readonly exportTo: readonly string[];
  readonly endpointTls: MeshConfig["endpointTls"];
  /** Service port by protocol word; a protocol without entry takes the most common instance port. */
  readonly servicePorts: ReadonlyMap<string, number>;
  /** Which instance labels reach the endpoints. */
  readonly labels: LabelFilter;
  /** Whether each registry and cluster has a label of its own on the endpoints that it names. */
  readonly sourceLabels: boolean;
}

export function compileMeshPolicy(config: MeshConfig): MeshPolicy {
  return {
    profile: istioProfile,
    exportTo: config.exportTo,
    endpointTls: config.endpointTls,
    servicePorts: new Map(Object.entries(config.servicePorts)),
    labels: compileLabelFilter(config.labels),
    sourceLabels: config.sourceLabels,
  };
}
