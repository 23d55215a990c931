/**
 * What stands in a pod's annotation, with our own part in it replaced. Several writers may share the annotation: ours are the
 * entries with our mark, and everything else is kept as it is. So a container that starts again finds what it left behind.
 */
import { encodeNodeName } from "../registries/dubbo/node-name.ts";
import { parseJson } from "../registries/pod-records/json-services.ts";
import type { OfferedService } from "../registries/pod-records/offered-service.ts";
import { parseRecords, recordsPayload } from "../registries/pod-records/records.ts";

export type RegisterFormat = "json-services" | "dubbo-records";

export interface OwnPart {
  /** Tells our entries from those of other processes in the pod. */
  readonly writer: string;
  /** The pod's, for services that name none. */
  readonly address: string;
  /** Of this process; readers take the newer of two entries. Seconds since 1970. */
  readonly startedAt: number;
  readonly services: readonly OfferedService[];
}

/**
 * The annotation with our services and none of ours that stood there before; undefined: nothing is left to be said.
 * @param payload what stands there now
 * @throws an Error if that cannot be read: somebody else wrote it, in a form of their own
 */
export function withOwnPart(format: RegisterFormat, payload: string | undefined, own: OwnPart): string | undefined {
  return format === "json-services" ? withOwnServices(payload, own) : withOwnRecords(payload, own);
}

function withOwnServices(payload: string | undefined, { writer, services }: OwnPart): string | undefined {
  const document = payload === undefined ? { value: { services: [] } } : parseJson(payload);
  const written = typeof document === "string" ? document : (document.value as { services?: unknown } | null)?.services;
  if (!Array.isArray(written))
    throw new Error(`the annotation holds something else: ${typeof document === "string" ? document : "no list of services"}`);
  const others = written.filter((service: { writer?: unknown } | null) => service?.writer !== writer);
  const all = [...others, ...services.map(({ key, hosts, ...rest }) => ({ ...key, ...(hosts.length > 0 && { hosts }), ...rest, writer }))];
  return all.length === 0 ? undefined : JSON.stringify({ services: all });
}

function withOwnRecords(payload: string | undefined, own: OwnPart): string | undefined {
  const records = payload === undefined ? [] : parseRecords(payload);
  if (typeof records === "string") throw new Error(`the annotation holds something else: ${records}`);
  const mark = `tributary.dev/${own.writer}`;
  const others = records.filter(({ v }) => v !== mark);
  const all = [...others, ...own.services.flatMap((service) => recordKeys(service, own).map((k) => ({ k, v: mark })))];
  return all.length === 0 ? undefined : recordsPayload(all);
}

/** As dubbo-go writes them: one per protocol. Values are encoded once more, which all of its versions read. */
function recordKeys(service: OfferedService, own: OwnPart): string[] {
  const { key, ports, weight, labels } = service;
  const address = service.address ?? own.address;
  const parameters = {
    ...labels,
    interface: key.name,
    ...(key.group !== undefined && { group: key.group }),
    ...(key.version !== undefined && { version: key.version }),
    ...(weight !== undefined && { weight: String(weight) }),
    side: "provider",
    timestamp: String(own.startedAt),
  };
  const query = Object.entries(parameters)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("&");
  return ports.map(({ number, protocol }) => {
    const url = `${protocol}://${address}:${number}/${key.name}?${query}`;
    return `/dubbo/${encodeNodeName(key.name)}/providers/${encodeNodeName(url)}`;
  });
}
