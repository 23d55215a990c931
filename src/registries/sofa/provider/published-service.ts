/** What is published under the ids of one service, as a service. */
import type { Problem } from "../../contract.ts";
import { encodeNodeName } from "../../dubbo/node-name.ts";
import { instanceId as dubboInstanceId, instanceOf as dubboInstanceOf } from "../../dubbo/provider-services.ts";
import { isProvider as isDubboProvider, parseProvider as parseDubboProvider } from "../../dubbo/provider-url.ts";
import type { Instance, Locality, Service, ServiceKey } from "../../service.ts";
import { type DataInfoId, dataInfoIdText } from "../data-info-id.ts";
import type { Segment } from "../messages/session-codec.ts";
import { isProvider, type Provider, parseProvider } from "./provider-string.ts";
import { type ServiceName, serviceName } from "./service-key.ts";

/** What data centers say of one id. */
export interface Publication {
  readonly id: DataInfoId;
  readonly segments: readonly Segment[];
}

export interface PublishedService {
  readonly service: Service;
  /** ms since 1970: when a warm-up ends and the same data mean another service; undefined: never. */
  readonly changesAt: number | undefined;
}

export interface ReadingOptions {
  /** ms since 1970. */
  readonly now: number;
  /** Heed the weights that providers want while they warm up. */
  readonly warmUp: boolean;
  readonly report: (problem: Problem) => void;
}

interface Found {
  readonly instance: Instance;
  /** When the provider started, for what is registered twice. */
  readonly startedAt: number;
  readonly text: string;
}

/** SOFARegistry's own words for what nobody has set. */
const usualDataCenter = "DefaultDataCenter";
const usualZone = "DEFAULT_ZONE";
/** ms. */
const maxClockSkew = 60_000;

/** @param publications of the ids that have this key, in any order */
export function publishedService(key: ServiceKey, publications: readonly Publication[], options: ReadingOptions): PublishedService {
  const found = new Map<string, Found>();
  const ends: number[] = [];
  for (const { id, segments } of publications) {
    const name = serviceName(id);
    for (const segment of segments) {
      for (const [zone, data] of segment.zones) {
        const locality = localityOf(segment.name, zone);
        for (const text of data) {
          const next = read(text, name, locality, dataInfoIdText(id), options, ends);
          const other = next && found.get(next.instance.id);
          // A provider that was started again may be there twice until its old connection is found dead.
          if (next && (!other || isNewer(next, other))) found.set(next.instance.id, next);
        }
      }
    }
  }
  const instances = [...found.values()].map(({ instance }) => instance).sort((a, b) => (a.id < b.id ? -1 : 1));
  return { service: { key, instances, annotations: annotationsOf(key) }, changesAt: ends.length > 0 ? Math.min(...ends) : undefined };
}

function annotationsOf({ name, version, group, namespace }: ServiceKey): Record<string, string> {
  return {
    "sofa.interface": name,
    ...(version && { "sofa.version": version }),
    ...(group && { "sofa.group": group }),
    ...(namespace && { "sofa.instanceId": namespace }),
  };
}

function read(
  text: string,
  name: ServiceName,
  locality: Locality | undefined,
  where: string,
  { now, warmUp, report }: ReadingOptions,
  ends: number[],
): Found | undefined {
  if (text.startsWith("dubbo://")) {
    const url = parseDubboProvider(encodeNodeName(text));
    if (isDubboProvider(url)) {
      const instance = { ...dubboInstanceOf(dubboInstanceId(url), url), ...(locality && { locality }) };
      return { instance, startedAt: url.timestamp, text };
    }
    if (url.problem) report({ ...url.problem, where });
    return undefined;
  }
  const provider = parseProvider(text, name.protocol);
  if (!isProvider(provider)) {
    report({ ...provider.problem, where });
    return undefined;
  }
  const end = warmUp ? endOfWarmUp(provider, now) : undefined;
  if (end !== undefined) ends.push(end);
  const weight = end === undefined ? provider.weight : provider.warmUp?.weight;
  return { instance: instanceOf(provider, weight, name, locality), startedAt: provider.startTime, text };
}

/** Undefined: it is over, or there is none, or the provider's clock is too far ahead to tell. */
function endOfWarmUp({ warmUp, startTime }: Provider, now: number): number | undefined {
  if (!warmUp || startTime > now + maxClockSkew) return undefined;
  const end = startTime + warmUp.time;
  return end > now ? end : undefined;
}

function instanceOf(
  { protocol, address, port, disabled, labels: own }: Provider,
  weight: number | undefined,
  { version, uniqueId }: ServiceName,
  locality: Locality | undefined,
): Instance {
  const labels = { ...own, ...(version && { version }), ...(uniqueId && { uniqueId }), ...(locality?.zone && { zone: locality.zone }) };
  return {
    id: `${protocol}://${address.includes(":") ? `[${address}]` : address}:${port}`,
    address,
    ports: [{ number: port, protocol }],
    ...(weight !== undefined && { weight }),
    ...(disabled && { health: "disabled" }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(locality && { locality }),
  };
}

/** Data centers are regions, and what SOFARegistry calls a zone or a cell is a zone. For Istio a zone without a region is none. */
function localityOf(dataCenter: string, zone: string): Locality | undefined {
  const cell = zone === usualZone ? "" : zone;
  if (cell === "" && dataCenter === usualDataCenter) return undefined;
  return { region: dataCenter, ...(cell && { zone: cell }) };
}

function isNewer(a: Found, b: Found): boolean {
  if (a.startedAt !== b.startedAt) return a.startedAt > b.startedAt;
  // Without a difference in time any fixed order will do, as long as it does not depend on the push's.
  return `${a.text} ${JSON.stringify(a.instance.locality)}` > `${b.text} ${JSON.stringify(b.instance.locality)}`;
}
