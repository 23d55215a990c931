/** What is spoken at a Service's port, as far as the Service says: `appProtocol`, or the beginning of the port's name. */
import type { ServicePort } from "./service-object.ts";

/** Words that are protocols at the beginning of a port's name (`http`, `http-admin`); Istio reads names by the same rule. */
const nameWords = ["grpc-web", "grpc", "http2", "http", "https", "mongo", "mysql", "redis", "tcp", "tls"];

/** Prefixed ones as the Kubernetes API defines them; all others are words of IANA or of the applications. */
const prefixed: Readonly<Record<string, string>> = {
  "kubernetes.io/h2c": "h2c",
  "kubernetes.io/ws": "ws",
  "kubernetes.io/wss": "tls",
};

/** A registry-neutral protocol word; undefined for SCTP, which no proxy of a mesh carries. */
export function protocolOf({ name, transport, appProtocol }: ServicePort): string | undefined {
  if (transport === "UDP") return "udp";
  if (transport !== "TCP") return undefined;
  if (appProtocol !== undefined) {
    const word = appProtocol.toLowerCase();
    return prefixed[word] ?? word;
  }
  const named = name.toLowerCase();
  return nameWords.find((word) => named === word || named.startsWith(`${word}-`)) ?? "tcp";
}
