/** What a Dubbo application says of one of its instances. Rules: docs/registries/zookeeper.md. */
import type { Port } from "../../service.ts";
import { inProcess, machinery, ProviderParameters, protocolName, roleOf } from "../provider-parameters.ts";
import type { ProviderUrl } from "../provider-url.ts";

/** An instance of an application, as its registry keeps it. */
export interface RegisteredInstance {
  readonly address: string;
  readonly port: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly enabled: boolean;
  readonly persistent: boolean;
}

export interface DubboInstance {
  readonly address: string;
  /** Its ports with what is spoken there; several protocols may share a number. Never empty. */
  readonly endpoints: readonly Port[];
  /** Tells which services it offers, together with the application's name. */
  readonly revision: string;
  /** It says that its services are told in the registry, not only by itself. */
  readonly isMetadataRemote: boolean;
  readonly disabled: boolean;
  readonly persistent: boolean;
  /** It as a provider of whatever its application offers, once per port number. */
  readonly providers: readonly ProviderUrl[];
}

/** Why there is no instance to be had: in words for a problem, or (`undefined`) because it offers nothing. */
export interface NoDubboInstance {
  readonly problem: string | undefined;
}

/** What Dubbo writes for an application that offers no service, or none yet. */
const emptyRevision = "0";
/** It becomes a part of a path. */
const legalRevision = /^[A-Za-z0-9_-]{1,128}$/;
const maxEndpoints = 32;

/** Spring Cloud and others register below the same root, and may speak of Dubbo in their metadata. */
export function isDubbo({
  payloadClass,
  metadata,
}: Pick<RegisteredInstance, "metadata"> & { readonly payloadClass: string | undefined }): boolean {
  if (payloadClass?.startsWith("org.springframework.")) return false;
  return payloadClass?.startsWith("org.apache.dubbo.") === true || metadata["dubbo.metadata.revision"] !== undefined;
}

/** Never throws. @param application the name of the folder it lies in */
export function readDubboInstance(instance: RegisteredInstance, application: string): DubboInstance | NoDubboInstance {
  const { address, metadata, enabled, persistent } = instance;
  // Dubbo's own consumers pass over instances without one, too.
  const revision = metadata["dubbo.metadata.revision"] ?? emptyRevision;
  if (revision === emptyRevision) return { problem: undefined };
  if (!legalRevision.test(revision)) return { problem: `${JSON.stringify(revision.slice(0, 120))} is no revision` };
  const endpoints = readEndpoints(metadata["dubbo.endpoints"], instance.port);
  if (endpoints === undefined) return { problem: "neither dubbo.endpoints nor the port tell where it can be reached" };
  return {
    address,
    endpoints,
    revision,
    isMetadataRemote: metadata["dubbo.metadata.storage-type"] === "remote",
    disabled: !enabled,
    persistent,
    providers: readProviders(instance, application, endpoints),
  };
}

export function isDubboInstance(read: DubboInstance | NoDubboInstance): read is DubboInstance {
  return "revision" in read;
}

/** @param text JSON: `[{"port":20880,"protocol":"dubbo"}]` */
function readEndpoints(text: string | undefined, port: number | undefined): Port[] | undefined {
  let written: unknown;
  try {
    written = JSON.parse(text ?? "[]");
  } catch {
    return undefined;
  }
  const endpoints: Port[] = [];
  for (const endpoint of Array.isArray(written) ? written.slice(0, maxEndpoints) : []) {
    const { port: number, protocol: word } = (endpoint ?? {}) as { port?: unknown; protocol?: unknown };
    const protocol = typeof word === "string" ? protocolName(word) : undefined;
    if (protocol === undefined || inProcess.has(protocol)) continue;
    if (typeof number === "number" && Number.isInteger(number) && number >= 1 && number <= 65_535) endpoints.push({ number, protocol });
  }
  if (endpoints.length > 0) return endpoints;
  // Before there were endpoints the port was that of the one protocol.
  return port === undefined ? undefined : [{ number: port, protocol: "dubbo" }];
}

function readProviders(instance: RegisteredInstance, application: string, endpoints: readonly Port[]): ProviderUrl[] {
  const parameters = new ProviderParameters();
  parameters.take(roleOf("application"), "application", application);
  for (const [key, value] of Object.entries(instance.metadata).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const role = roleOf(key);
    if (role !== machinery && value !== "") parameters.take(role, key, value);
  }
  const numbers = [...new Set(endpoints.map(({ number }) => number))];
  return numbers.flatMap((number) => {
    const ports = endpoints.filter((port) => port.number === number);
    const provider = parameters.provider(ports[0]!.protocol, instance.address, number);
    return provider === undefined
      ? []
      : [at(provider, { address: instance.address, ports, disabled: !instance.enabled, persistent: instance.persistent })];
  });
}

/** A provider in the place of an instance, which may be disabled or persistent as a whole. */
export function at(provider: ProviderUrl, place: Pick<ProviderUrl, "address" | "ports" | "disabled" | "persistent">): ProviderUrl {
  const { address, ports, disabled, persistent } = place;
  return { ...provider, address, ports, disabled: provider.disabled || disabled, persistent: provider.persistent || persistent };
}
