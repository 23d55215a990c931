/** The profile of stock istiod: only the protocol names that its validation accepts. */
import { toDnsLabel } from "../object-names.ts";
import type { MeshProtocol, Profile } from "./profile.ts";

/**
 * Word of a registry → protocol, port name. A wrong "HTTP" breaks a service, a "TCP" only costs
 * routing features: so only words that surely mean HTTP are in here, everything else is TCP.
 */
const known: Readonly<Record<string, readonly [protocol: string, portName: string]>> = {
  // Dubbo's Triple is gRPC on the wire, and `rest` is HTTP/1.1.
  tri: ["GRPC", "grpc-tri"],
  triple: ["GRPC", "grpc-tri"],
  grpc: ["GRPC", "grpc"],
  "grpc-web": ["GRPC-WEB", "grpc-web"],
  http: ["HTTP", "http"],
  rest: ["HTTP", "http-rest"],
  ws: ["HTTP", "http-ws"],
  http2: ["HTTP2", "http2"],
  h2: ["HTTP2", "http2"],
  h2c: ["HTTP2", "http2"],
  https: ["HTTPS", "https"],
  tls: ["TLS", "tls"],
  mongo: ["MONGO", "mongo"],
  redis: ["REDIS", "redis"],
  mysql: ["MYSQL", "mysql"],
  udp: ["UDP", "udp"],
  tcp: ["TCP", "tcp"],
};

/** Told apart by authority or server name; the others only by address and port. */
const toldByHost = new Set(["HTTP", "HTTP2", "GRPC", "GRPC-WEB", "HTTPS", "TLS"]);

/** Protocol words come from outside: the memory of translated ones is bounded. */
const maxRemembered = 1000;
const remembered = new Map<string, MeshProtocol>();

export const istioProfile: Profile = {
  id: "istio",
  protocol(word) {
    let protocol = remembered.get(word);
    if (!protocol) {
      protocol = translate(word);
      if (remembered.size < maxRemembered) remembered.set(word, protocol);
    }
    return protocol;
  },
  /** Nacos says 1 for an instance without weight, and so does Spring; Dubbo, and who follows it, 100. */
  defaultWeight(kind) {
    return kind === "nacos" || kind === "spring-cloud-zookeeper" ? 1 : 100;
  },
};

function translate(word: string): MeshProtocol {
  const entry = Object.hasOwn(known, word) ? known[word] : undefined;
  if (entry) return { name: entry[0], portName: entry[1], told: toldByHost.has(entry[0]) ? "host" : "address" };
  // `tcp-dubbo`, `tcp-bolt`: the name keeps what EnvoyFilters and people look for.
  return { name: "TCP", portName: toDnsLabel(`tcp-${word}`), told: "address" };
}
