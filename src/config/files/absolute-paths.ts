/** Relative paths count from the configuration's folder, wherever the process was started. */
import { resolve } from "node:path";
import type { RegistryKind } from "../../registries/contract.ts";
import type { ClustersConfig, Config, RegistryConfig, TlsConfig } from "../schema.ts";

export function withAbsolutePaths(config: Config, kinds: readonly RegistryKind[], folder: string): Config {
  const registries = registriesBeside(folder, config.registries, kinds);
  const { folder: kept } = config.lastKnownGood;
  const lastKnownGood = kept === undefined ? config.lastKnownGood : { ...config.lastKnownGood, folder: resolve(folder, kept) };
  const xds = { ...config.xds, tls: tlsBeside(folder, config.xds.tls) };
  const admin = { ...config.admin, tls: tlsBeside(folder, config.admin.tls) };
  return { ...config, registries, clusters: clustersBeside(folder, config.clusters), xds, admin, lastKnownGood };
}

export function registriesBeside(
  folder: string,
  registries: readonly RegistryConfig[],
  kinds: readonly RegistryKind[],
): readonly RegistryConfig[] {
  const pathKeys = new Map(kinds.map((kind) => [kind.id, kind.pathKeys ?? []]));
  return registries.map((registry) =>
    (pathKeys.get(registry.type) ?? []).reduce((changed, key) => withAbsolutePath(changed, key, folder), registry),
  );
}

export function clustersBeside(folder: string, clusters: ClustersConfig): ClustersConfig {
  const list = clusters.list.map((cluster) => withAbsolutePath(cluster, "kubeconfig", folder));
  return { ...withAbsolutePath(clusters, "folder", folder), list };
}

/** The same with the path at a key, such as `path` or `tls.ca`, made absolute if there is one. */
function withAbsolutePath<T extends Readonly<Record<string, unknown>>>(section: T, key: string, folder: string): T {
  const [name, inner] = key.split(".") as [string, string?];
  const value = section[name];
  if (value === undefined) return section;
  const path = inner === undefined ? resolve(folder, value as string) : withAbsolutePath(value as T, inner, folder);
  return { ...section, [name]: path };
}

function tlsBeside(folder: string, tls: TlsConfig | undefined): TlsConfig | undefined {
  if (tls === undefined) return undefined;
  const { certificate, key, clientCa } = tls;
  return { ...tls, certificate: resolve(folder, certificate), key: resolve(folder, key), clientCa: resolve(folder, clientCa) };
}
