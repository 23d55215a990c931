/** istiod's rules for WorkloadEntries and for the endpoints of ServiceEntries. */
import type { WorkloadEntry } from "../../gen/istio/networking/v1alpha3/networking_pb.ts";
import { isIp } from "../ip-address.ts";
import { isFqdn, isLabelKey, isLabelValue } from "../object-names.ts";
import { quoted } from "../problem-list.ts";
import { isPortNumber, portNameErrors } from "./ports.ts";

export interface WorkloadEntryContext {
  /** False under resolution STATIC. */
  readonly hostNames: boolean;
  /** False under DNS resolution; default true. */
  readonly unixPaths?: boolean;
  /** The ports of the ServiceEntry it is an endpoint of. */
  readonly portNames?: ReadonlySet<string>;
}

const unixPrefix = "unix://";

export function workloadEntryErrors(entry: WorkloadEntry, context: WorkloadEntryContext, errors: string[]): void {
  placeErrors(entry, context, errors);
  labelErrors(entry.labels, errors);
}

/** The same for many. Labels that are one object are checked once. */
export function endpointErrors(entries: readonly WorkloadEntry[], context: WorkloadEntryContext, errors: string[]): void {
  let checked: WorkloadEntry["labels"] | undefined;
  for (const entry of entries) {
    placeErrors(entry, context, errors);
    if (entry.labels !== checked) labelErrors(entry.labels, errors);
    checked = entry.labels;
  }
}

function placeErrors(entry: WorkloadEntry, context: WorkloadEntryContext, errors: string[]): void {
  const isUnix = context.unixPaths !== false && entry.address.startsWith(unixPrefix);
  if (isUnix) unixErrors(entry, context, errors);
  else addressErrors(entry, context, errors);
  for (const name of Object.keys(entry.ports)) {
    if (context.portNames && !context.portNames.has(name)) errors.push(`endpoint port ${quoted(name)} is no port of the ServiceEntry`);
    portNameErrors(name, errors);
    if (!isPortNumber(entry.ports[name] ?? 0)) errors.push(`endpoint port number ${entry.ports[name]} is not within 1 … 65535`);
  }
}

function labelErrors(labels: WorkloadEntry["labels"], errors: string[]): void {
  for (const key of Object.keys(labels)) {
    if (!isLabelKey(key)) errors.push(`endpoint label key ${quoted(key)} is not legal`);
    // istiod has no limit here (observed with 100 characters), so a ready object may be longer than what we build.
    else if (!isLabelValue(labels[key] ?? "", Number.POSITIVE_INFINITY)) errors.push(`value of endpoint label ${key} is not legal`);
  }
}

function addressErrors(entry: WorkloadEntry, { hostNames }: WorkloadEntryContext, errors: string[]): void {
  if (entry.address === "") {
    if (entry.network === "") errors.push("an endpoint has no address");
  } else if (!isIp(entry.address) && !(hostNames && isFqdn(entry.address))) {
    errors.push(`endpoint address ${quoted(entry.address)} is not an IP address${hostNames ? " or a DNS name" : ""}`);
  }
}

function unixErrors(entry: WorkloadEntry, { portNames }: WorkloadEntryContext, errors: string[]): void {
  if (!isUnixPath(entry.address.slice(unixPrefix.length))) errors.push(`${quoted(entry.address)} is not an absolute path to a socket`);
  if (Object.keys(entry.ports).length > 0) errors.push("a unix endpoint has no ports");
  if (portNames && portNames.size !== 1) errors.push("unix endpoints need a ServiceEntry with exactly one port");
}

/** Absolute, not a folder; or an abstract socket (`@name`). */
export function isUnixPath(path: string): boolean {
  return path.startsWith("@") || (path.startsWith("/") && !path.endsWith("/"));
}
