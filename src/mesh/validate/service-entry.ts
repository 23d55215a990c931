/** istiod's rules for ServiceEntries. */
import { isIPv6 } from "node:net";
import { type ServiceEntry, ServiceEntry_Resolution } from "../../gen/istio/networking/v1alpha3/networking_pb.ts";
import { isIpv4 } from "../ip-address.ts";
import { isDnsLabel, isFqdn, isWildcardHost } from "../object-names.ts";
import { quoted } from "../problem-list.ts";
import { isPortNumber, portErrors, portNameErrors, tellsHosts } from "./ports.ts";
import { selectorErrors } from "./selector.ts";
import { endpointErrors } from "./workload-entry.ts";

export function serviceEntryErrors(spec: ServiceEntry, namespace: string, errors: string[]): void {
  selectorErrors(spec.workloadSelector, errors);
  if (spec.workloadSelector && spec.endpoints.length > 0) errors.push("both endpoints and a workloadSelector are given");
  hostErrors(spec, errors);
  addressErrors(spec, errors);
  const portNames = servicePortErrors(spec, errors);
  resolutionErrors(spec, portNames, errors);
  exportToErrors(spec.exportTo, namespace, errors);
}

function hostErrors(spec: ServiceEntry, errors: string[]): void {
  if (spec.hosts.length === 0) errors.push("there is no host");
  for (const host of spec.hosts) {
    if (host === "*" || !isWildcardHost(host)) errors.push(`host ${quoted(host)} is not a DNS name`);
  }
  const severalHosts = spec.hosts.length > 1 && spec.resolution !== ServiceEntry_Resolution.NONE;
  if (severalHosts && spec.ports.some((port) => !tellsHosts(port.protocol))) {
    errors.push("there are several hosts, but a port's protocol does not tell hosts apart");
  }
}

function addressErrors(spec: ServiceEntry, errors: string[]): void {
  for (const address of spec.addresses) {
    if (!isAddressOrRange(address)) errors.push(`address ${quoted(address)} is neither an IP address nor a range`);
  }
  const rangesAllowed = spec.resolution === ServiceEntry_Resolution.NONE || spec.resolution === ServiceEntry_Resolution.STATIC;
  if (!rangesAllowed && spec.addresses.some((address) => address.includes("/"))) {
    errors.push("address ranges go only with resolution NONE or STATIC");
  }
}

function isAddressOrRange(text: string): boolean {
  const slash = text.indexOf("/");
  const address = slash === -1 ? text : text.slice(0, slash);
  const prefix = slash === -1 ? "0" : text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix)) return false;
  return isIpv4(address) ? Number(prefix) <= 32 : isIPv6(address) && !address.includes("%") && Number(prefix) <= 128;
}

function servicePortErrors(spec: ServiceEntry, errors: string[]): ReadonlySet<string> {
  const names = new Set<string>();
  const numbers = new Set<number>();
  for (const port of spec.ports) {
    if (names.has(port.name)) errors.push(`port name ${quoted(port.name)} is there twice`);
    if (numbers.has(port.number)) errors.push(`port number ${port.number} is there twice`);
    names.add(port.name);
    numbers.add(port.number);
    portNameErrors(port.name, errors);
    portErrors(port.number, port.protocol, errors);
    if (port.targetPort !== 0 && !isPortNumber(port.targetPort)) errors.push(`targetPort ${port.targetPort} is not within 1 … 65535`);
  }
  return names;
}

function resolutionErrors(spec: ServiceEntry, portNames: ReadonlySet<string>, errors: string[]): void {
  switch (spec.resolution) {
    case ServiceEntry_Resolution.NONE:
      if (spec.endpoints.length > 0) errors.push("resolution NONE takes no endpoints");
      break;
    case ServiceEntry_Resolution.STATIC:
      endpointErrors(spec.endpoints, { hostNames: false, portNames }, errors);
      break;
    case ServiceEntry_Resolution.DNS:
    case ServiceEntry_Resolution.DNS_ROUND_ROBIN:
      if (spec.endpoints.length === 0 && !spec.hosts.every(isFqdn))
        errors.push("without endpoints, DNS resolution needs hosts without wildcard");
      if (spec.resolution === ServiceEntry_Resolution.DNS_ROUND_ROBIN && spec.endpoints.length > 1) {
        errors.push("resolution DNS_ROUND_ROBIN takes one endpoint at most");
      }
      endpointErrors(spec.endpoints, { hostNames: true, unixPaths: false, portNames }, errors);
      break;
    default:
      // DYNAMIC_DNS exists since 1.28 only; older istiods refuse it.
      errors.push(`resolution ${spec.resolution} is not known to every supported istiod`);
  }
}

function exportToErrors(exportTo: readonly string[], namespace: string, errors: string[]): void {
  const seen = new Set<string>();
  for (const entry of exportTo) {
    const meant = entry === "." ? namespace : entry;
    if (seen.has(meant)) errors.push(`exportTo names ${quoted(entry)} twice`);
    seen.add(meant);
    if (entry !== "." && entry !== "*" && entry !== "~" && !isDnsLabel(entry))
      errors.push(`exportTo entry ${quoted(entry)} is not a namespace`);
  }
  if (exportTo.length > 1 && (seen.has("*") || seen.has("~"))) errors.push("exportTo `*` or `~` must stand alone");
}
