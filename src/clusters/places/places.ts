/** The places that clusters come from, as the configuration names them; the first has precedence. */
import type { ClustersConfig } from "../../config/schema.ts";
import type { RegistrySpec } from "../../registries/supervision/supervised-registry.ts";
import type { ClusterCredential } from "../credential.ts";
import type { FilePlaces } from "./cluster-files.ts";
import type { SecretsPlace } from "./secrets-session.ts";

export const placeNames = ["configuration", "run-time", "folder", "remote-secrets"] as const;

export type PlaceName = (typeof placeNames)[number];

const filesSession = new URL("./files-session.ts", import.meta.url);
const secretsSession = new URL("./secrets-session.ts", import.meta.url);
/** One worker reads all places and probes all clusters. */
export const clustersWorker = "clusters";
/** As for the registries that read from clusters. ms */
const times = { heartbeat: 5_000, request: 30_000, watch: 30_000, relist: 30 * 60_000 };

/** The places that are to be read. */
export function placesIn({ list, added = [], folder, remoteSecrets }: ClustersConfig): readonly PlaceName[] {
  const isNamed = list.some(({ kubeconfig, inCluster, enabled }) => enabled && (kubeconfig !== undefined || inCluster));
  const isThere = {
    configuration: isNamed,
    "run-time": added.length > 0,
    folder: folder !== undefined,
    "remote-secrets": remoteSecrets !== undefined,
  };
  return placeNames.filter((name) => isThere[name]);
}

/** @param local the cluster that holds the remote secrets; undefined: it is not known yet, and the place waits */
export function placeSpec(name: PlaceName, config: ClustersConfig, local: ClusterCredential | undefined): RegistrySpec {
  const { allow } = config;
  const base = { id: name, worker: clustersWorker } as const;
  switch (name) {
    case "configuration": {
      const list = config.list.filter(({ enabled }) => enabled);
      const settings: FilePlaces = {
        named: list.flatMap(({ id, kubeconfig, context }) => (kubeconfig === undefined ? [] : [{ id, path: kubeconfig, context }])),
        inCluster: list.find(({ inCluster }) => inCluster)?.id,
        allow,
      };
      return { ...base, session: filesSession, settings };
    }
    case "run-time": {
      const settings: FilePlaces = { named: config.added ?? [], allow };
      return { ...base, session: filesSession, settings };
    }
    case "folder": {
      const settings: FilePlaces = { named: [], folder: config.folder, allow };
      return { ...base, session: filesSession, settings };
    }
    case "remote-secrets": {
      if (local === undefined) return { ...base, session: secretsSession, settings: undefined, isDormant: true };
      const settings: SecretsPlace = { cluster: local, namespace: config.remoteSecrets?.namespace ?? "", allow, times };
      return { ...base, session: secretsSession, settings };
    }
  }
}
