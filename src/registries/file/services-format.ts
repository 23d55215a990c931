/**
 * The simple format (`docs/registries/file.md`): a mapping with `services` and perhaps `facts`.
 * A bad instance costs itself; a service that cannot be read keeps its last known state.
 */
import { type Instance, itemId, type Port, type Service, type ServiceKey } from "../service.ts";
import { addressProblem } from "./address.ts";
import { readFact } from "./facts-format.ts";
import { readLocality } from "./locality.ts";
import { describe, type Mapping, type Reading } from "./reading.ts";
import type { Path } from "./source-document.ts";

const serviceKeys = ["name", "namespace", "group", "version", "hosts", "ports", "instances", "annotations"];
const portKeys = ["name", "number", "protocol"];
const instanceKeys = ["id", "address", "ports", "weight", "labels", "locality", "health", "network", "serviceAccount"];

export function isServicesDocument(value: unknown): boolean {
  return typeof value === "object" && value !== null && ("services" in value || "facts" in value);
}

export function readServicesDocument(document: Mapping, reading: Reading): void {
  reading.knownKeys(document, ["services", "facts"], [], "a services file");
  for (const [index, entry] of reading.list(document.services, ["services"], "services").entries()) {
    readService(entry, ["services", index], reading);
  }
  for (const [index, entry] of reading.list(document.facts, ["facts"], "facts").entries()) {
    const fact = readFact(entry, ["facts", index], reading);
    if (fact) reading.add({ kind: "fact", fact }, ["facts", index]);
  }
}

function readService(value: unknown, path: Path, reading: Reading): void {
  const entry = reading.mapping(value, path, "a service");
  if (!entry) return;
  reading.knownKeys(entry, serviceKeys, path, "a service");
  const key = readKey(entry, path, reading);
  if (!key) return;
  const before = reading.failures;
  const ports = entry.ports === undefined ? undefined : readPorts(entry.ports, [...path, "ports"], reading, []);
  const hosts = readHosts(entry.hosts, [...path, "hosts"], reading);
  if (reading.failures > before) {
    // Its ports or hosts are a promise about the whole service: half of it would be another service.
    reading.unreadable.push(itemId({ kind: "service", service: { key, instances: [] } }));
    return;
  }
  const annotations = reading.texts(entry.annotations, [...path, "annotations"], "annotations");
  const service: Service = {
    key,
    ...(hosts.length > 0 && { hosts }),
    ...(ports && ports.length > 0 && { ports }),
    instances: readInstances(entry.instances, [...path, "instances"], ports ?? [], reading),
    ...(annotations && { annotations }),
  };
  reading.add({ kind: "service", service }, path);
}

function readKey(entry: Mapping, path: Path, reading: Reading): ServiceKey | undefined {
  const part = (name: string) => reading.text(entry[name], [...path, name], `${name} of a service`);
  const [namespace, group, name, version] = [part("namespace"), part("group"), part("name"), part("version")];
  if (name === undefined) reading.problem("bad-value", path, "a service needs a name");
  if (!name || namespace === null || group === null || version === null) return undefined;
  return { ...(namespace && { namespace }), ...(group && { group }), name, ...(version && { version }) };
}

function readHosts(value: unknown, path: Path, reading: Reading): string[] {
  return reading.list(value, path, "hosts").flatMap((entry, index) => {
    const host = reading.text(entry, [...path, index], "a host");
    return host ? [host.toLowerCase()] : [];
  });
}

/** @param declared ports of the service, whose protocol a port of the same name inherits. */
function readPorts(value: unknown, path: Path, reading: Reading, declared: readonly Port[]): Port[] {
  return reading.list(value, path, "ports").flatMap((entry, index) => {
    const at = [...path, index];
    const port = reading.mapping(entry, at, "a port");
    if (!port) return [];
    reading.knownKeys(port, portKeys, at, "a port");
    const name = reading.text(port.name, [...at, "name"], "the name of a port");
    const protocol = reading.text(port.protocol, [...at, "protocol"], "the protocol of a port");
    const number = port.number;
    if (typeof number !== "number" || !Number.isInteger(number) || number < 1 || number > 65_535) {
      reading.problem("bad-port", [...at, "number"], `the number of a port must be within 1 … 65535, not ${describe(number)}`);
      return [];
    }
    if (name === null || protocol === null) return [];
    const inherited = declared.find((candidate) => candidate.name === name)?.protocol;
    return [{ ...(name && { name }), number, protocol: protocol?.toLowerCase() ?? inherited ?? "tcp" }];
  });
}

function readInstances(value: unknown, path: Path, declared: readonly Port[], reading: Reading): Instance[] {
  const instances = new Map<string, Instance>();
  for (const [index, entry] of reading.list(value, path, "instances").entries()) {
    const at = [...path, index];
    const instance = readInstance(entry, at, declared, reading);
    if (!instance) continue;
    if (instances.has(instance.id)) reading.problem("duplicate-instance", at, `a second instance ${instance.id}; the first is used`);
    else instances.set(instance.id, instance);
  }
  return [...instances.values()];
}

function readInstance(value: unknown, path: Path, declared: readonly Port[], reading: Reading): Instance | undefined {
  const entry = reading.mapping(value, path, "an instance");
  if (!entry) return undefined;
  reading.knownKeys(entry, instanceKeys, path, "an instance");
  const before = reading.failures;
  const text = (name: string) => reading.text(entry[name], [...path, name], `${name} of an instance`) ?? undefined;
  const address = text("address");
  const wrong = address === undefined ? "an instance needs an address" : addressProblem(address);
  if (reading.failures === before && wrong) reading.problem("bad-address", [...path, "address"], wrong);
  const id = text("id");
  const ports = readPorts(entry.ports, [...path, "ports"], reading, declared);
  if (reading.failures > before || address === undefined) return undefined;
  if (ports.length === 0 && declared.length === 0) {
    reading.problem("bad-port", path, "neither this instance nor its service has a port");
    return undefined;
  }
  const labels = reading.texts(entry.labels, [...path, "labels"], "labels");
  const locality = readLocality(entry.locality, [...path, "locality"], reading);
  const health = reading.word(entry.health, ["healthy", "unhealthy", "disabled"], [...path, "health"], "health");
  const weight = readWeight(entry.weight, [...path, "weight"], reading);
  const [network, serviceAccount] = [text("network"), text("serviceAccount")];
  return {
    id: id ?? [address, ...ports.map((port) => port.number)].join(":"),
    address,
    ports,
    ...(weight !== undefined && { weight }),
    ...(health && { health }),
    ...(labels && { labels }),
    ...(locality && { locality }),
    ...(network && { network }),
    ...(serviceAccount && { serviceAccount }),
  };
}

function readWeight(value: unknown, path: Path, reading: Reading): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  reading.problem("bad-value", path, `a weight must be a number of at least 0, not ${describe(value)}`);
  return undefined;
}
