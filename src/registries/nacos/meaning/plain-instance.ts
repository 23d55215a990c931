/** An instance of whoever registers with Nacos directly, as Spring Cloud applications do. */

import { readAddress } from "../../address.ts";
import type { Problem } from "../../contract.ts";
import { protocolName } from "../../dubbo/provider-parameters.ts";
import type { Health, Instance, Locality, Port } from "../../service.ts";
import { instanceText, type NacosInstance } from "../nacos-service.ts";
import { clusterLabel, clusterLabels, placed } from "./place.ts";
import type { MeaningSettings } from "./settings.ts";

/** Metadata with a meaning of its own to Nacos, Spring Cloud or us. */
const machinery = /^(?:preserved\.|management\.|dubbo\.|IPv6$|secure$|protocol$|weight$)/;
/** People keep credentials in the metadata, for all who read the registry. */
const secret = /password|passwd|secret|token|credential/i;
/** Bounds for what others write. */
const maxLabels = 32;
const maxLabelValue = 256;

/**
 * @param where for problems
 * @returns undefined if nobody could reach it
 */
export function plainInstance(
  instance: NacosInstance,
  where: string,
  settings: MeaningSettings,
  report: (problem: Problem) => void,
): Instance | undefined {
  const address = addressOf(instance, settings.ipv6);
  if (address === undefined) {
    report({ code: "bad-address", where, message: `${JSON.stringify(instance.ip)} is no address that others can reach` });
    return undefined;
  }
  const ports = portsOf(instance, settings);
  if (ports.length === 0) {
    report({ code: "bad-port", where, message: `port ${instance.port} of ${instance.ip} is not within 1 … 65535` });
    return undefined;
  }
  const { clusterName, metadata, ephemeral, weight } = instance;
  const locality = localityOf(metadata);
  const health = healthOf(instance);
  return placed(
    {
      id: instanceText(instance),
      address,
      ports,
      ...(weight > 0 && { weight }),
      ...(health && { health }),
      labels: { ...clusterLabels(clusterName), ...labelsOf(metadata) },
      ...(locality && { locality }),
      ...(!ephemeral && { persistent: true }),
    },
    settings.clusters,
  );
}

/** What consumers heed: Nacos' own clients never choose an instance of weight 0, even where all have it. */
export function healthOf({ enabled, healthy, weight }: NacosInstance): Health | undefined {
  if (!enabled || weight <= 0) return "disabled";
  return healthy ? undefined : "unhealthy";
}

function addressOf({ ip, metadata }: NacosInstance, ipv6: boolean): string | undefined {
  const other = ipv6 && metadata.IPv6 !== undefined ? readAddress(metadata.IPv6) : undefined;
  return other?.includes(":") ? other : readAddress(ip);
}

/** Its own port and those that its metadata hold, each protocol once. */
function portsOf({ port, metadata }: NacosInstance, { protocol, portKeys }: MeaningSettings): Port[] {
  const ports: Port[] = [];
  const own = protocolName(metadata.protocol ?? "") ?? (metadata.secure === "true" ? "https" : protocol);
  if (port > 0) ports.push({ number: port, protocol: own });
  for (const key of Object.keys(portKeys).sort()) {
    const text = metadata[key];
    const further = portKeys[key]!;
    if (text === undefined || !/^\d{1,5}$/.test(text) || ports.some((each) => each.protocol === further)) continue;
    const number = Number(text);
    if (number >= 1 && number <= 65_535) ports.push({ number, protocol: further });
  }
  return ports;
}

function labelsOf(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const labels = Object.entries(metadata).filter(
    ([key, value]) =>
      key !== "" && key !== clusterLabel && value !== "" && value.length <= maxLabelValue && !machinery.test(key) && !secret.test(key),
  );
  return Object.fromEntries(labels.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, maxLabels));
}

function localityOf({ region, zone, subzone }: Readonly<Record<string, string>>): Locality | undefined {
  return region || zone ? { ...(region && { region }), ...(zone && { zone }), ...(subzone && { subzone }) } : undefined;
}
