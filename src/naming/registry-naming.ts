/** How one registry's services are called: its kind's defaults under its configuration, compiled once. */
import type { MeshConfig, RegistryConfig } from "../config/schema.ts";
import type { KindNaming } from "../registries/contract.ts";
import { registryOf } from "../registries/source-id.ts";
import { isHost } from "./host-name.ts";
import type { HostPolicy } from "./host-policy.ts";
import { compileTemplate, type HostTemplate } from "./template.ts";

export interface RegistryNaming extends HostPolicy {
  readonly registry: string;
  readonly kind: string;
  /** Namespace of the ServiceEntries. */
  readonly namespace: string;
  readonly usualProtocols: readonly string[];
  /** The template, or what is wrong with it: every service is then refused for that reason. */
  readonly template: HostTemplate | { readonly problem: string };
}

export function registryNaming(
  config: Pick<RegistryConfig, "id" | "type" | "naming">,
  kind: KindNaming,
  mesh: Pick<MeshConfig, "namespace" | "clusterDomain">,
): RegistryNaming {
  const { clusterDomain } = mesh;
  const own = kind.underClusterDomain ? `${kind.suffix}.${clusterDomain}` : kind.suffix;
  const suffix = (config.naming.suffix ?? own).replace(/^\./, "").toLowerCase();
  return {
    registry: registryOf(config.id),
    kind: config.type,
    namespace: config.naming.namespace ?? mesh.namespace,
    usualProtocols: kind.usualProtocols,
    suffix,
    clusterDomain,
    allowOutsideSuffix: config.naming.allowOutsideSuffix,
    allowClusterDomain: config.naming.allowClusterDomain || (kind.underClusterDomain === true && config.naming.suffix === undefined),
    template: compiled(config.naming.template ?? kind.template, suffix),
  };
}

function compiled(text: string, suffix: string): RegistryNaming["template"] {
  if (!isHost(suffix)) return { problem: `the suffix "${suffix}" is not a DNS name` };
  try {
    return compileTemplate(text, suffix);
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
