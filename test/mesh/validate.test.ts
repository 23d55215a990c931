/** The lists of what a real istiod accepted and refused, and the rules of its validation, as tables. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { ServiceEntrySchema, SidecarSchema, WorkloadEntrySchema } from "../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import type { MeshObject } from "../../src/mesh/mesh-object.ts";
import { validate } from "../../src/mesh/validate/validate.ts";

const port = { number: 80, name: "http", protocol: "HTTP" };
const tcp = { number: 20880, name: "tcp-dubbo", protocol: "TCP" };
const plain = { hosts: ["a.example.com"], resolution: "STATIC", ports: [port], endpoints: [{ address: "10.0.0.1" }] };

type Meta = Partial<Pick<MeshObject, "name" | "namespace" | "labels" | "annotations">>;

function metadata(changes: Meta = {}) {
  return { name: "a", namespace: "tributary", labels: {}, annotations: {}, ...changes };
}

function serviceEntry(spec: JsonObject, meta?: Meta): MeshObject {
  return { kind: "ServiceEntry", ...metadata(meta), spec: fromJson(ServiceEntrySchema, { ...plain, ...spec }) };
}

function workloadEntry(spec: JsonObject): MeshObject {
  return { kind: "WorkloadEntry", ...metadata(), spec: fromJson(WorkloadEntrySchema, spec) };
}

function sidecar(spec: JsonObject): MeshObject {
  return { kind: "Sidecar", ...metadata(), spec: fromJson(SidecarSchema, spec) };
}

const endpoint = (fields: JsonObject): JsonObject => ({ endpoints: [{ address: "10.0.0.1", ...fields }] });
const egress = (...listeners: JsonObject[]): JsonObject => ({ egress: listeners });
const ingress = (...listeners: JsonObject[]): JsonObject => ({ ingress: listeners });
const hosts = ["./*"];

const accepted: Readonly<Record<string, MeshObject>> = {
  plain: serviceEntry({}),
  "upper-case host": serviceEntry({ hosts: ["Order.Example.com"] }),
  "host without dot": serviceEntry({ hosts: ["order"] }),
  "wildcard host": serviceEntry({ hosts: ["*.example.com"] }),
  "host with trailing dot": serviceEntry({ hosts: ["a.example.com."] }),
  "no ports": serviceEntry({ ports: [] }),
  "no endpoints": serviceEntry({ endpoints: [] }),
  "100-character label value": serviceEntry(endpoint({ labels: { a: "x".repeat(100) } })),
  "empty label value": serviceEntry(endpoint({ labels: { a: "" } })),
  "label key with prefix": serviceEntry(endpoint({ labels: { "Example.com/a.b_c": "x" } })),
  IPv6: serviceEntry({ endpoints: [{ address: "2001:db8::1" }], addresses: ["fd00::1"] }),
  "weight 0": serviceEntry(endpoint({ weight: 0 })),
  "empty protocol": serviceEntry({ ports: [{ number: 80, name: "x" }] }),
  "lower-case protocol": serviceEntry({ ports: [{ number: 80, name: "x", protocol: "grpc-web" }] }),
  "range of addresses": serviceEntry({ addresses: ["10.0.0.0/8"] }),
  "two hosts on HTTP": serviceEntry({ hosts: ["a.example.com", "b.example.com"] }),
  "two hosts on TLS": serviceEntry({ hosts: ["a.example.com", "b.example.com"], ports: [{ number: 443, name: "tls", protocol: "TLS" }] }),
  "two hosts on TCP without resolution": serviceEntry({ hosts: ["a.b", "c.d"], ports: [tcp], resolution: "NONE", endpoints: [] }),
  "own port of an endpoint": serviceEntry(endpoint({ ports: { http: 8080 } })),
  "empty address with network": serviceEntry({ endpoints: [{ network: "net" }] }),
  "unix endpoint": serviceEntry({ endpoints: [{ address: "unix:///var/run/x.sock" }] }),
  "exportTo namespaces": serviceEntry({ exportTo: [".", "other"] }),
  "exportTo nobody": serviceEntry({ exportTo: ["~"] }),
  "host names under DNS": serviceEntry({ resolution: "DNS", endpoints: [{ address: "b.example.com" }] }),
  "selector without labels": serviceEntry({ endpoints: [], workloadSelector: {} }),
  "other annotations": serviceEntry({}, { annotations: { "networking.istio.io/traffic-distribution": "PreferClose" } }),
  "WorkloadEntry by host name": workloadEntry({ address: "a.example.com" }),
  "WorkloadEntry by socket": workloadEntry({ address: "unix://@abstract" }),
  "Sidecar with egress": sidecar(egress({ hosts: ["./*", "*/a.example.com", "~/*", "other/*.example.com"] })),
  "Sidecar with ports": sidecar(egress({ port, hosts }, { hosts })),
  "Sidecar on a socket": sidecar(egress({ port: { number: 0, protocol: "HTTP" }, bind: "unix:///x", hosts })),
  "Sidecar with ingress": sidecar(
    ingress({ port, defaultEndpoint: "127.0.0.1:8080" }, { port: { ...port, number: 81 }, defaultEndpoint: "[::1]:1" }),
  ),
  "Sidecar with ingress to a socket": sidecar(ingress({ port, bind: "0.0.0.0", defaultEndpoint: "unix:///x" })),
  "Sidecar with traffic policy only": sidecar({ outboundTrafficPolicy: { mode: "ALLOW_ANY" } }),
};

const refused: Readonly<Record<string, MeshObject>> = {
  "host with underscore": serviceEntry({ hosts: ["a_b.example.com"] }),
  "host with colon": serviceEntry({ hosts: ["a:b"] }),
  "host with slash": serviceEntry({ hosts: ["a/b"] }),
  "host *": serviceEntry({ hosts: ["*"] }),
  "no host": serviceEntry({ hosts: [] }),
  "empty host": serviceEntry({ hosts: [""] }),
  "host with empty label": serviceEntry({ hosts: ["a..b"] }),
  "host with long label": serviceEntry({ hosts: [`${"a".repeat(64)}.com`] }),
  "host of 256 characters": serviceEntry({ hosts: [`${"a.".repeat(127)}aa`] }),
  "host with all-digit last label": serviceEntry({ hosts: ["a.123"] }),
  "IP address as host": serviceEntry({ hosts: ["10.0.0.1"] }),
  "wildcard in a later label": serviceEntry({ hosts: ["a.*.com"] }),
  "host label with dash at its end": serviceEntry({ hosts: ["a-.com"] }),
  "two hosts on TCP": serviceEntry({ hosts: ["a.b", "c.d"], ports: [tcp] }),
  "two hosts, one port is TCP": serviceEntry({ hosts: ["a.b", "c.d"], ports: [port, tcp] }),
  "two hosts on an undetermined protocol": serviceEntry({ hosts: ["a.b", "c.d"], ports: [{ number: 80, name: "x" }] }),
  "protocol DUBBO": serviceEntry({ ports: [{ ...port, protocol: "DUBBO" }] }),
  "protocol TRI": serviceEntry({ ports: [{ ...port, protocol: "TRI" }] }),
  "port 0": serviceEntry({ ports: [{ ...port, number: 0 }] }),
  "port 65536": serviceEntry({ ports: [{ ...port, number: 65_536 }] }),
  "target port 65536": serviceEntry({ ports: [{ ...port, targetPort: 65_536 }] }),
  "duplicate port number": serviceEntry({ ports: [port, { ...port, name: "b" }] }),
  "duplicate port name": serviceEntry({ ports: [port, { ...port, number: 81 }] }),
  "upper-case port name": serviceEntry({ ports: [{ ...port, name: "Http" }] }),
  "port name with underscore": serviceEntry({ ports: [{ ...port, name: "a_b" }] }),
  "empty port name": serviceEntry({ ports: [{ ...port, name: "" }] }),
  "port name of 64 characters": serviceEntry({ ports: [{ ...port, name: "a".repeat(64) }] }),
  "bad label key": serviceEntry(endpoint({ labels: { "a b": "x" } })),
  "empty label key": serviceEntry(endpoint({ labels: { "": "x" } })),
  "label key with two slashes": serviceEntry(endpoint({ labels: { "a/b/c": "x" } })),
  "label key name of 64 characters": serviceEntry(endpoint({ labels: { ["a".repeat(64)]: "x" } })),
  "bad label value": serviceEntry(endpoint({ labels: { a: "x y" } })),
  "label value with dash at its end": serviceEntry(endpoint({ labels: { a: "x-" } })),
  "label value with newline at its end": serviceEntry(endpoint({ labels: { a: "x\n" } })),
  "exportTo * and another": serviceEntry({ exportTo: ["*", "x"] }),
  "exportTo . and *": serviceEntry({ exportTo: [".", "*"] }),
  "exportTo ~ and another": serviceEntry({ exportTo: ["~", "x"] }),
  "exportTo upper-case": serviceEntry({ exportTo: ["Other"] }),
  "exportTo twice": serviceEntry({ exportTo: ["x", "x"] }),
  "exportTo . and own namespace": serviceEntry({ exportTo: [".", "tributary"] }),
  "exportTo empty": serviceEntry({ exportTo: [""] }),
  "host name under STATIC": serviceEntry({ endpoints: [{ address: "b.example.com" }] }),
  "no address": serviceEntry({ endpoints: [{}] }),
  "endpoint port of unknown name": serviceEntry(endpoint({ ports: { other: 80 } })),
  "endpoint port 0": serviceEntry(endpoint({ ports: { http: 0 } })),
  "bad address of the service": serviceEntry({ addresses: ["a.example.com"] }),
  "bad range": serviceEntry({ addresses: ["10.0.0.0/33"] }),
  "range under DNS": serviceEntry({ resolution: "DNS", addresses: ["10.0.0.0/8"], endpoints: [] }),
  "endpoints without resolution": serviceEntry({ resolution: "NONE" }),
  "endpoints and selector": serviceEntry({ workloadSelector: { labels: { a: "b" } } }),
  "wildcard in selector": serviceEntry({ endpoints: [], workloadSelector: { labels: { a: "*" } } }),
  "wildcard host under DNS without endpoints": serviceEntry({ hosts: ["*.example.com"], resolution: "DNS", endpoints: [] }),
  "two endpoints under DNS_ROUND_ROBIN": serviceEntry({
    resolution: "DNS_ROUND_ROBIN",
    endpoints: [{ address: "10.0.0.1" }, { address: "10.0.0.2" }],
  }),
  "socket under DNS": serviceEntry({ resolution: "DNS", endpoints: [{ address: "unix:///x" }] }),
  "unknown resolution": serviceEntry({ resolution: 17, endpoints: [] }),
  "unix endpoint with ports": serviceEntry({ endpoints: [{ address: "unix:///x", ports: { http: 80 } }] }),
  "unix endpoint beside two ports": serviceEntry({ ports: [port, tcp], endpoints: [{ address: "unix:///x" }] }),
  "unix endpoint that is a folder": serviceEntry({ endpoints: [{ address: "unix:///x/" }] }),
  "dry-run annotation": serviceEntry({}, { annotations: { "istio.io/dry-run": "true" } }),
  "internal annotation": serviceEntry({}, { annotations: { "internal.istio.io/webhook-always-reject": "" } }),
  "name with two slashes": serviceEntry({}, { name: "a/b" }),
  "empty name": serviceEntry({}, { name: "" }),
  "name with upper case": serviceEntry({}, { name: "A" }),
  "name of 254 characters": serviceEntry({}, { name: `${"a.".repeat(126)}aa` }),
  "empty namespace": serviceEntry({}, { namespace: "" }),
  "namespace with dot": serviceEntry({}, { namespace: "a.b" }),
  "metadata label with space": serviceEntry({}, { labels: { a: "x y" } }),
  "metadata annotation without key": serviceEntry({}, { annotations: { "": "x" } }),
  "WorkloadEntry without address": workloadEntry({}),
  "WorkloadEntry with bad address": workloadEntry({ address: "a_b" }),
  "WorkloadEntry with bad port name": workloadEntry({ address: "10.0.0.1", ports: { A_B: 80 } }),
  "empty Sidecar": sidecar({}),
  "Sidecar egress without host": sidecar(egress({ port })),
  "Sidecar egress host without namespace": sidecar(egress({ hosts: ["a.example.com"] })),
  "Sidecar egress host of one label": sidecar(egress({ hosts: ["./order"] })),
  "Sidecar egress host with partial wildcard": sidecar(egress({ hosts: ["./*-x.example.com"] })),
  "Sidecar egress host with bad namespace": sidecar(egress({ hosts: ["A_B/*"] })),
  "Sidecar with two listeners without port": sidecar(egress({ hosts }, { hosts })),
  "Sidecar with a listener without port before another": sidecar(egress({ hosts }, { port, hosts })),
  "Sidecar with two listeners on one port": sidecar(egress({ port, hosts }, { port, hosts })),
  "Sidecar with bad bind": sidecar(egress({ port, bind: "localhost", hosts })),
  "Sidecar port 0 without socket": sidecar(egress({ port: { number: 0, protocol: "HTTP" }, hosts })),
  "Sidecar socket captured by iptables": sidecar(egress({ port: { protocol: "HTTP" }, bind: "unix:///x", captureMode: "IPTABLES", hosts })),
  "Sidecar with bad protocol": sidecar(egress({ port: { ...port, protocol: "DUBBO" }, hosts })),
  "Sidecar ingress without port": sidecar(ingress({ defaultEndpoint: "127.0.0.1:80" })),
  "Sidecar ingress twice on one port": sidecar(ingress({ port }, { port })),
  "Sidecar ingress to another machine": sidecar(ingress({ port, defaultEndpoint: "10.0.0.1:80" })),
  "Sidecar ingress to port 0": sidecar(ingress({ port, defaultEndpoint: "127.0.0.1:0" })),
};

describe("accepted, as by istiod", () => {
  for (const [name, object] of Object.entries(accepted)) test(name, () => assert.deepEqual(validate(object), []));
});

describe("refused, as by istiod", () => {
  for (const [name, object] of Object.entries(refused)) test(name, () => assert.notDeepEqual(validate(object), []));
});
