/** What the parameters of one provider mean, wherever they stand: in its URL, or in its application's metadata. */
import type { Port } from "../service.ts";
import type { ProviderUrl } from "./provider-url.ts";
import { addTag } from "./tag.ts";
import { isMachinery } from "./url-keys.ts";

/** Bounds for what others write. */
const maxLabels = 32;
const maxLabelKey = 128;
const maxLabelValue = 256;

/** What a parameter is used for: the number of a field, or one of these. */
export type ParameterRole = number;
export const machinery: ParameterRole = -1;
const label: ParameterRole = -2;

/** The parameters that are read, and where their values stand. */
const field = {
  application: 0,
  category: 1,
  "default.group": 2,
  "default.version": 3,
  "default.weight": 4,
  disabled: 5,
  "dubbo.tag": 6,
  dynamic: 7,
  enabled: 8,
  "ext.protocol": 9,
  group: 10,
  interface: 11,
  release: 12,
  side: 13,
  timestamp: 14,
  version: 15,
  weight: 16,
} as const;

const fieldCount = Object.keys(field).length;

export function roleOf(key: string): ParameterRole {
  if (Object.hasOwn(field, key)) return field[key as keyof typeof field];
  return key === "" || key.length > maxLabelKey || isMachinery(key) ? machinery : label;
}

/** Gathers the parameters of one provider, none of which is machinery, and tells what they mean. */
export class ProviderParameters {
  readonly #values = new Array<string | undefined>(fieldCount).fill(undefined);
  #custom: Record<string, string> | undefined;
  #customCount = 0;

  /** The first of several values counts. */
  take(role: ParameterRole, key: string, value: string): void {
    if (role !== label) this.#values[role] ??= value;
    else if (this.#customCount < maxLabels && value.length <= maxLabelValue) {
      this.#custom ??= {};
      this.#custom[key] = value;
      this.#customCount++;
    }
  }

  /** Undefined if they say themselves that they are not those of a provider. @param scheme as `protocolName` gives it */
  provider(scheme: string, address: string, port: number): ProviderUrl | undefined {
    const values = this.#values;
    if ((values[field.side] ?? "provider") !== "provider" || (values[field.category] ?? "providers") !== "providers") return undefined;
    // `default.` keys are those of Dubbo 2.6; the plain key wins.
    const group = values[field.group] ?? values[field["default.group"]];
    const version = values[field.version] ?? values[field["default.version"]];
    const provider: ProviderUrl = {
      scheme,
      address,
      ports: readPorts(scheme, port, values[field["ext.protocol"]]),
      interface: values[field.interface],
      group,
      // Dubbo treats 0.0.0 as no version.
      version: version === "0.0.0" ? undefined : version,
      weight: readWeight(values[field.weight] ?? values[field["default.weight"]], values[field.release]),
      disabled: values[field.disabled] === "true" || values[field.enabled] === "false",
      persistent: values[field.dynamic] === "false",
      timestamp: Number(values[field.timestamp] ?? 0) || 0,
      labels: {},
    };
    addLabels(provider, values[field.application], values[field["dubbo.tag"]], this.#custom);
    return provider;
  }
}

/** A protocol's name, lower-case; undefined if it cannot be one. */
export function protocolName(text: string): string | undefined {
  if (usualProtocols.has(text)) return text;
  const lower = text.toLowerCase();
  return /^[a-z][a-z0-9+.-]{0,62}$/.test(lower) ? lower : undefined;
}

const usualProtocols = new Set(["dubbo", "tri", "rest"]);

/** Protocols nobody can reach over a network. */
export const inProcess: ReadonlySet<string> = new Set(["injvm"]);

function addLabels(
  provider: ProviderUrl,
  application: string | undefined,
  tag: string | undefined,
  custom: Record<string, string> | undefined,
): void {
  const labels = provider.labels as Record<string, string>;
  if (application !== undefined) labels.application = application;
  if (provider.group !== undefined) labels.group = provider.group;
  if (provider.version !== undefined) labels.version = provider.version;
  if (tag !== undefined) addTag(labels, tag);
  for (const key in custom) if (!Object.hasOwn(labels, key)) labels[key] = custom[key]!;
}

function readPorts(scheme: string, number: number, extraProtocols: string | undefined): Port[] {
  const ports: Port[] = [{ number, protocol: scheme }];
  if (extraProtocols === undefined) return ports;
  for (const word of extraProtocols.split(",", 16)) {
    const protocol = protocolName(word.trim());
    if (protocol !== undefined && !ports.some((port) => port.protocol === protocol)) ports.push({ number, protocol });
  }
  return ports;
}

function readWeight(text: string | undefined, release: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,9}(\.\d{1,9})?$/.test(text)) return undefined;
  const weight = Number(text);
  // dubbo-go writes 0 where nobody set a weight.
  return weight === 0 && release?.startsWith("dubbo-golang-") ? undefined : weight;
}
