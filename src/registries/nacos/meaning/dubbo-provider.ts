/** Instances of the services in which Dubbo keeps an interface's providers and consumers. */
import { readAddress } from "../../address.ts";
import type { Problem } from "../../contract.ts";
import type { ConsumerUrl } from "../../dubbo/consumer-url.ts";
import { inProcess, machinery, ProviderParameters, protocolName, roleOf } from "../../dubbo/provider-parameters.ts";
import type { ProviderUrl } from "../../dubbo/provider-url.ts";
import type { NacosInstance } from "../nacos-service.ts";
import { clusterLabels } from "./place.ts";
import { healthOf } from "./plain-instance.ts";
import { type InterfaceName, isSameInterface } from "./service-role.ts";

/** What counts where a provider says nothing. */
const defaultProtocol = "dubbo";
/** Dubbo's own, so that those who set one and those who do not can be compared. */
export const defaultWeight = 100;

/** Why an instance is no provider; undefined where it claims to be none. */
export interface NoProvider {
  readonly problem: Omit<Problem, "where"> | undefined;
}

/** An instance as a provider of the interface that its service's name tells. Its metadata are its URL's parameters. */
export function providerOf(instance: NacosInstance, name: InterfaceName): ProviderUrl | NoProvider {
  const { ip, port, metadata, clusterName, ephemeral } = instance;
  const scheme = protocolName(metadata.protocol ?? defaultProtocol);
  if (scheme === undefined) return { problem: { code: "bad-url", message: `${quote(metadata.protocol)} is no protocol` } };
  if (inProcess.has(scheme)) return { problem: undefined };
  const address = readAddress(ip);
  if (address === undefined) return { problem: { code: "bad-address", message: `${quote(ip)} is no address that others can reach` } };
  if (port < 1) return { problem: { code: "bad-port", message: `port ${port} of ${ip} is not within 1 … 65535` } };
  const offered = metadata.interface;
  if (offered !== undefined && !isSameInterface(name.interface, offered)) {
    return { problem: { code: "wrong-interface", message: `says that it provides ${quote(offered)}` } };
  }
  const provider = parametersOf(metadata, name).provider(scheme, address, port);
  if (provider === undefined) return { problem: undefined };
  return {
    ...provider,
    weight: provider.weight ?? defaultWeight,
    disabled: provider.disabled || healthOf(instance) !== undefined,
    // Whatever `dynamic` says: what is ephemeral here goes with its connection (observed).
    persistent: !ephemeral,
    labels: { ...provider.labels, ...clusterLabels(clusterName) },
  };
}

export function isProvider(read: ProviderUrl | NoProvider): read is ProviderUrl {
  return "address" in read;
}

export function consumerOf({ ip, metadata }: NacosInstance, { version, group }: InterfaceName): ConsumerUrl | undefined {
  const address = readAddress(ip);
  const { application } = metadata;
  if (!application && address === undefined) return undefined;
  const wanted = { version: metadata.version || version, group: metadata.group || group };
  return {
    ...(application && { application }),
    ...(address !== undefined && { address }),
    ...(wanted.version && wanted.version !== "0.0.0" && { version: wanted.version }),
    ...(wanted.group && { group: wanted.group }),
  };
}

/** In the order in which Java sorts them in a URL, so that every registry gives the same text. */
function parametersOf(metadata: Readonly<Record<string, string>>, { version, group }: InterfaceName): ProviderParameters {
  const parameters = new ProviderParameters();
  for (const [key, value] of Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const role = roleOf(key);
    if (role !== machinery && value !== "") parameters.take(role, key, value);
  }
  // The first of several values counts, so the name only fills in.
  if (!metadata["default.group"] && group !== undefined) parameters.take(roleOf("group"), "group", group);
  if (!metadata["default.version"] && version !== undefined) parameters.take(roleOf("version"), "version", version);
  return parameters;
}

function quote(text: unknown): string {
  return String(JSON.stringify(text)).slice(0, 120);
}
