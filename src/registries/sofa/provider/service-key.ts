/**
 * What a dataId names. SOFARPC writes `interface:version[:uniqueId]@TAG`, Dubbo `interface[:version][:group]@dubbo`. The
 * tag names the protocol, so the ids of one interface that differ in it are one service.
 */

import type { ServiceKey } from "../../service.ts";
import type { DataInfoId } from "../data-info-id.ts";

export interface ServiceName {
  readonly key: ServiceKey;
  /** What is spoken where a provider does not say; undefined: nobody can tell. */
  readonly protocol: string | undefined;
  readonly version: string | undefined;
  readonly uniqueId: string | undefined;
}

/** SOFARPC's own words for what nobody has set. */
const defaults = { instanceId: "DEFAULT_INSTANCE_ID", group: "SOFA", version: "1.0", tag: "DEFAULT" } as const;
const usualProtocol = "bolt";
const dubboTag = "dubbo";

/** Everything behind the name is left out where it is the default. */
export function serviceName({ dataId, instanceId, group }: DataInfoId): ServiceName {
  const scope = {
    ...(instanceId !== defaults.instanceId && { namespace: instanceId }),
    ...(group !== defaults.group && { group }),
  };
  const match = /^([^:@]+)(?::([^@]+))?@([A-Za-z][A-Za-z0-9.-]{0,62})$/.exec(dataId);
  const [, name, detail, tag] = match ?? [];
  // Whoever else publishes names as he likes, and the whole text is the name.
  if (name === undefined || tag === undefined || (detail === undefined && tag !== dubboTag)) {
    return { key: { ...scope, name: dataId }, protocol: undefined, version: undefined, uniqueId: undefined };
  }
  const isDefault = detail === defaults.version && tag !== dubboTag;
  const [version, ...unique] = detail?.split(":") ?? [];
  return {
    key: { ...scope, name, ...(detail !== undefined && !isDefault && { version: detail }) },
    protocol: tag === defaults.tag ? usualProtocol : tag.toLowerCase(),
    version,
    uniqueId: unique.join(":") || undefined,
  };
}
