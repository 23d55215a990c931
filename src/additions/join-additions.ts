/** The configuration in effect: the file's, and behind it what was added. */
import type { LoadedConfig } from "../config/load.ts";
import type { ClusterConfig, RegistryConfig } from "../config/schema.ts";
import type { AddedList } from "./added-list.ts";
import type { Additions } from "./addition.ts";

export interface AddedEntries {
  readonly registries: AddedList<RegistryConfig>;
  readonly clusters: AddedList<ClusterConfig>;
  readonly defaultCluster: string | undefined;
}

export function joinAdditions(file: LoadedConfig, { registries, clusters, defaultCluster }: AddedEntries): LoadedConfig {
  if (registries.size + clusters.size === 0 && defaultCluster === undefined) return file;
  const { config } = file;
  const reached = clusters.entries.flatMap(({ config: cluster, addition }) =>
    cluster === undefined ? [] : [{ id: cluster.id, path: cluster.kubeconfig, context: cluster.context, text: addition.kubeconfig }],
  );
  // How they are reached is one thing, what is settled for them another.
  const defaultId = config.clusters.default ?? defaultCluster;
  const unreadable = registries.entries.flatMap(({ config: registry, addition: { id, written } }) =>
    registry === undefined ? [{ id, required: (written as { required?: unknown }).required !== false }] : [],
  );
  const settled = clusters.configs.map(({ kubeconfig, context, ...cluster }) => cluster);
  return {
    ...file,
    config: {
      ...config,
      registries: [...config.registries, ...registries.configs],
      ...(unreadable.length > 0 && { unreadable }),
      clusters: {
        ...config.clusters,
        list: [...config.clusters.list, ...settled],
        ...(reached.length > 0 && { added: reached }),
        ...(defaultId !== undefined && { default: defaultId }),
      },
    },
    secrets: [...file.secrets, ...[...registries.entries, ...clusters.entries].flatMap(({ secrets }) => secrets)],
    added: {
      registries: new Set(registries.configs.map(({ id }) => id)),
      clusters: new Set(clusters.configs.map(({ id }) => id)),
    },
  };
}

export function additionsOf({ registries, clusters, defaultCluster }: AddedEntries): Additions {
  return {
    registries: registries.additions,
    clusters: clusters.additions,
    ...(defaultCluster !== undefined && { defaultCluster }),
  };
}
