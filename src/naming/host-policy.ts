/** Which hosts registry data may claim: it must not capture traffic that belongs to somebody else. */
import { isHost } from "./host-name.ts";
import type { NamingRefusal } from "./named-service.ts";

export interface HostPolicy {
  /** Without leading dot. */
  readonly suffix: string;
  readonly clusterDomain: string;
  readonly allowOutsideSuffix: boolean;
  readonly allowClusterDomain: boolean;
}

/** Why a host is refused, or undefined. `host` is lower-case. */
export function refuseHost(host: string, policy: HostPolicy): NamingRefusal | undefined {
  if (!isHost(host)) return { code: "host-invalid", host, message: `"${shorten(host)}" is not a DNS name (or is an address)` };
  if (!policy.allowClusterDomain && isClusterHost(host, policy.clusterDomain)) {
    return {
      code: "host-under-cluster-domain",
      host,
      message: `"${host}" is a name of the cluster itself; set naming.allowClusterDomain to let this registry claim such names`,
    };
  }
  if (!policy.allowOutsideSuffix && !host.endsWith(`.${policy.suffix}`)) {
    return {
      code: "host-outside-suffix",
      host,
      message: `"${host}" is not under "${policy.suffix}"; change naming.suffix or set naming.allowOutsideSuffix`,
    };
  }
  return undefined;
}

/** Names that resolve inside a cluster or a pod without any registry: Services in their long and short forms, `localhost`. */
function isClusterHost(host: string, clusterDomain: string): boolean {
  const domain = clusterDomain.toLowerCase();
  const top = host.slice(host.lastIndexOf(".") + 1);
  return !host.includes(".") || top === "localhost" || top === "svc" || host === domain || host.endsWith(`.${domain}`);
}

function shorten(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
