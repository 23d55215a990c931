/** istiod's rules for Sidecars, as far as the fields go that Tributary carries. */
import {
  CaptureMode,
  type IstioEgressListener,
  type IstioIngressListener,
  type Sidecar,
} from "../../gen/istio/networking/v1alpha3/networking_pb.ts";
import { isIp } from "../ip-address.ts";
import { isDnsLabel, isWildcardHost } from "../object-names.ts";
import { quoted } from "../problem-list.ts";
import { isPortNumber, isProtocol, portErrors, portNameErrors } from "./ports.ts";
import { selectorErrors } from "./selector.ts";
import { isUnixPath } from "./workload-entry.ts";

const unixPrefix = "unix://";

export function sidecarErrors(spec: Sidecar, errors: string[]): void {
  selectorErrors(spec.workloadSelector, errors);
  if (spec.egress.length === 0 && spec.ingress.length === 0 && !spec.outboundTrafficPolicy) errors.push("the Sidecar is empty");
  const ingressPorts = new Set<number>();
  for (const listener of spec.ingress) ingressErrors(listener, ingressPorts, errors);
  const egressPorts = new Set<number>();
  const egressPaths = new Set<string>();
  for (const [index, listener] of spec.egress.entries()) {
    if (!listener.port) {
      if (index < spec.egress.length - 1) errors.push("only the last egress listener can be without port");
    } else if (listener.port.number === 0) {
      unixListenerErrors(listener, errors);
      once(egressPaths, listener.bind, errors);
    } else {
      listenerErrors(listener, errors);
      once(egressPorts, listener.port.number, errors);
    }
    if (listener.hosts.length === 0) errors.push("an egress listener has no host");
    for (const host of listener.hosts) if (!isEgressHost(host)) errors.push(`egress host ${quoted(host)} is not namespace/dnsName`);
  }
}

function ingressErrors(listener: IstioIngressListener, seen: Set<number>, errors: string[]): void {
  if (!listener.port) {
    errors.push("an ingress listener has no port");
    return;
  }
  listenerErrors(listener, errors);
  once(seen, listener.port.number, errors);
  if (listener.defaultEndpoint !== "" && !isDefaultEndpoint(listener.defaultEndpoint)) {
    errors.push(`defaultEndpoint ${quoted(listener.defaultEndpoint)} is neither a loopback or wildcard address with port nor unix://path`);
  }
}

function listenerErrors({ port, bind }: IstioIngressListener | IstioEgressListener, errors: string[]): void {
  if (port && port.name !== "") portNameErrors(port.name, errors);
  portErrors(port?.number ?? 0, port?.protocol ?? "", errors);
  if (bind !== "" && !isIp(bind)) errors.push(`bind ${quoted(bind)} is not an IP address`);
}

/** An egress listener with port number 0 listens on a unix socket. */
function unixListenerErrors({ port, bind, captureMode }: IstioEgressListener, errors: string[]): void {
  if (port && port.name !== "") portNameErrors(port.name, errors);
  if (!isProtocol(port?.protocol ?? "")) errors.push(`protocol ${quoted(port?.protocol ?? "")} is not supported`);
  if (!bind.startsWith(unixPrefix) || !isUnixPath(bind.slice(unixPrefix.length))) errors.push("port number 0 needs a bind of unix://path");
  if (captureMode === CaptureMode.IPTABLES) errors.push("a unix socket cannot be captured by iptables");
}

function isDefaultEndpoint(text: string): boolean {
  if (text.startsWith(unixPrefix)) return isUnixPath(text.slice(unixPrefix.length));
  const match = /^(?:127\.0\.0\.1|0\.0\.0\.0|\[::1\]|\[::\])?:(\d{1,5})$/.exec(text);
  return match !== null && isPortNumber(Number(match[1]));
}

/** `namespace/dnsName`: the namespace may be `*`, `.` or `~`, the name `*` or one with a dot and at most a leading `*.`. */
function isEgressHost(text: string): boolean {
  const slash = text.indexOf("/");
  if (slash < 1) return false;
  const namespace = text.slice(0, slash);
  const name = text.slice(slash + 1);
  if (!["*", ".", "~"].includes(namespace) && !isDnsLabel(namespace)) return false;
  if (name === "*") return true;
  return name.includes(".") && isWildcardHost(name) && (!name.includes("*") || name.startsWith("*."));
}

function once<T extends number | string>(seen: Set<T>, value: T, errors: string[]): void {
  if (seen.has(value)) errors.push(`two listeners are on ${value}`);
  seen.add(value);
}
