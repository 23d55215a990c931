/** How a source is opened. */
import type { Emitter } from "../contract.ts";
import type { Credentials } from "./access/credentials.ts";
import { GrpcSource } from "./grpc/grpc-source.ts";
import type { OpenSource } from "./naming-source.ts";
import type { NacosSettings } from "./settings.ts";

/** @returns opens sources for namespaces of which these groups are read; undefined: all */
export function openerOf(
  settings: NacosSettings,
  credentials: Credentials,
  report: Emitter["problem"],
): (groups: readonly string[] | undefined) => OpenSource {
  return (groups) => (server, namespace, events) => {
    const onlyGroup = groups?.length === 1 ? groups[0] : undefined;
    return new GrpcSource({ server, namespace, onlyGroup, settings, credentials, events, report });
  };
}
