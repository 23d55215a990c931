/** What loading a configuration needs to know of the rooms: their kinds, and checks only they can make. */
import { placesIn } from "../clusters/places/places.ts";
import { defaultCluster } from "../clusters/settled.ts";
import type { ConfigRule } from "../config/load.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { AddressRange } from "../mesh/cidr.ts";
import { compileLabelFilter, type LabelFilter } from "../mesh/labels.ts";
import { registryNaming } from "../naming/registry-naming.ts";
import type { RegistryKind } from "../registries/contract.ts";
import { kinds } from "../registries/kinds.ts";
import { nameMatcher } from "../registries/name-filter.ts";

/** A bad template or suffix would refuse every service of the registry at run time. */
const namingCompiles: ConfigRule = ({ registries, mesh }, positionOf) =>
  registries.flatMap((registry, index) => {
    const kind = kinds.find(({ id }) => id === registry.type);
    const template = kind && registryNaming(registry, kind.naming, mesh).template;
    if (template === undefined || !("problem" in template)) return [];
    const position = positionOf(["registries", index, "naming"]);
    return [new TributaryError("CONFIG_INVALID", `registries[${index}].naming: ${template.problem}`, { position })];
  });

const addressesExist: ConfigRule = ({ mesh }, positionOf) => {
  try {
    new AddressRange(mesh.vipCidr);
    return [];
  } catch (error) {
    const { code, message, hint } = error as TributaryError;
    return [new TributaryError(code, message, { position: positionOf(["mesh", "vipCidr"]), hint })];
  }
};

const clustersExist: ConfigRule = ({ registries, clusters }, positionOf) => {
  if (placesIn(clusters).length > 0) return [];
  return registries.flatMap((registry, index) => {
    if (!kinds.find(({ id }) => id === registry.type)?.needsClusters) return [];
    const message = `registries[${index}] reads from Kubernetes clusters, and none is configured`;
    const hint = "name them in the section `clusters`: list, folder or remoteSecrets";
    return [new TributaryError("CONFIG_INVALID", message, { position: positionOf(["registries", index, "type"]), hint })];
  });
};

const secretsHaveACluster: ConfigRule = ({ clusters }, positionOf) => {
  if (clusters.remoteSecrets === undefined || defaultCluster(clusters) !== undefined) return [];
  const message = "clusters.remoteSecrets: there is no cluster in which they could be read";
  const hint = "give the cluster they lie in a `kubeconfig` or `inCluster: true` in clusters.list, or name it in clusters.default";
  return [new TributaryError("CONFIG_INVALID", message, { position: positionOf(["clusters", "remoteSecrets"]), hint })];
};

const peersAreKnown: ConfigRule = ({ lastKnownGood, admin }, positionOf) => {
  if (lastKnownGood.peers.length === 0) return [];
  const lacks = [
    ...(admin.tls === undefined ? ["admin.tls, by whose certificate replicas know each other"] : []),
    ...(lastKnownGood.folder === undefined ? ["lastKnownGood.folder, in which what comes from them is kept"] : []),
  ];
  return lacks.map((lack) => {
    const position = positionOf(["lastKnownGood", "peers"]);
    return new TributaryError("CONFIG_INVALID", `lastKnownGood.peers needs ${lack}`, { position });
  });
};

/** What endpoints take of their pods is a label like any other: `mesh.labels` decides which ones are served. */
const enrichedLabelsAreServed: ConfigRule = ({ registries, mesh }, positionOf) => {
  const served = compileLabelFilter(mesh.labels);
  return registries.flatMap(({ enrich }, index) =>
    (enrich?.labels ?? []).flatMap((pattern, at) => {
      if (mayPass(pattern, served)) return [];
      const message = `registries[${index}].enrich.labels[${at}]: \`mesh.labels\` lets no label ${pattern} pass, so it has no effect`;
      const hint = `add it to \`mesh.labels\``;
      return [new TributaryError("CONFIG_INVALID", message, { position: positionOf(["registries", index, "enrich", "labels", at]), hint })];
    }),
  );
};

/** Whether some label of a pattern (`*` and `?` are wildcards) is served. */
function mayPass(pattern: string, { all, exact, prefixes }: LabelFilter): boolean {
  const matches = nameMatcher([pattern]);
  const literal = /^[^*?]*/.exec(pattern)?.[0] ?? "";
  return (
    all ||
    exact.some(matches) ||
    prefixes.some((prefix) => literal.startsWith(prefix) || (literal !== pattern && prefix.startsWith(literal)))
  );
}

export interface ConfigOptions {
  readonly kinds: readonly RegistryKind[];
  readonly rules: readonly ConfigRule[];
  readonly advice: readonly ConfigRule[];
}

export const configOptions: ConfigOptions = {
  kinds,
  rules: [namingCompiles, addressesExist, clustersExist, secretsHaveACluster, peersAreKnown],
  advice: [enrichedLabelsAreServed],
};
