/** A service as a pod writes it in the format `json-services`. The format is described in docs/registries/pods.md. */
import type { Problem } from "../contract.ts";
import type { Port, ServiceKey } from "../service.ts";

export interface OfferedService {
  readonly key: ServiceKey;
  readonly hosts: readonly string[];
  /** At least one. */
  readonly ports: readonly Port[];
  /** Absent: the pod's own. */
  readonly address?: string;
  readonly weight?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Who wrote it, where several processes of a pod do; it finds its own ones again by that. */
  readonly writer?: string;
}

const knownKeys = new Set("namespace group name version hosts ports address weight labels annotations writer".split(" "));
/** Bounds for what others write. */
const maxServices = 1_000;
const maxPorts = 32;
const maxHosts = 32;
const maxTexts = 64;
const maxText = 1_024;

type Report = (problem: Problem) => void;
type Mapping = Readonly<Record<string, unknown>>;

/** The services of a document: `{"services": […]}`. A bad one is reported and left out. In words: why there are none to be had. */
export function readServices(document: unknown, where: string, report: Report): readonly OfferedService[] | string {
  const written = isMapping(document) ? document.services : undefined;
  if (!Array.isArray(written)) return "it has no list of services";
  if (written.length > maxServices) return `it has ${written.length} services; ${maxServices} are the most that are read`;
  return written.flatMap((service, index) => readService(service, `${where} services[${index}]`, report) ?? []);
}

function readService(written: unknown, where: string, report: Report): OfferedService | undefined {
  const bad = (message: string): undefined => {
    report({ code: "bad-value", where, message });
  };
  if (!isMapping(written)) return bad("a service must be an object");
  for (const key of Object.keys(written)) {
    if (!knownKeys.has(key)) report({ code: "unknown-key", where, message: `${JSON.stringify(key.slice(0, 100))} is not known` });
  }
  const parts = ["namespace", "group", "name", "version", "address", "writer"] as const;
  const wrong = parts.find((part) => written[part] !== undefined && !isText(written[part]));
  if (wrong !== undefined) return bad(`${wrong} must be a text of 1 … ${maxText} characters`);
  const { namespace, group, name, version, address, writer } = written as Partial<Record<(typeof parts)[number], string>>;
  if (name === undefined) return bad("a service needs a name");
  const { hosts = [], weight, labels, annotations } = written;
  if (!Array.isArray(hosts) || hosts.length > maxHosts || !hosts.every(isText))
    return bad(`hosts must be a list of at most ${maxHosts} texts`);
  if (weight !== undefined && !(typeof weight === "number" && weight >= 0 && weight < 1e9))
    return bad("weight must be a number of at least 0");
  if (!isTexts(labels) || !isTexts(annotations)) return bad(`labels and annotations must be objects of at most ${maxTexts} texts`);
  const ports = readPorts(written.ports);
  if (typeof ports === "string") return bad(ports);
  return {
    key: { ...(namespace && { namespace }), ...(group && { group }), name, ...(version && { version }) },
    hosts: hosts.map((host) => host.toLowerCase()),
    ports,
    ...(address && { address }),
    ...(weight !== undefined && { weight }),
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    ...(writer && { writer }),
  };
}

function readPorts(written: unknown): readonly Port[] | string {
  if (!Array.isArray(written) || written.length === 0 || written.length > maxPorts) return `ports must be a list of 1 … ${maxPorts} ports`;
  const ports: Port[] = [];
  for (const port of written) {
    const { name, number, protocol = "tcp" } = isMapping(port) ? port : {};
    if (typeof number !== "number" || !Number.isInteger(number) || number < 1 || number > 65_535) {
      return "the number of a port must be within 1 … 65535";
    }
    if ((name !== undefined && !isText(name)) || typeof protocol !== "string" || !/^[a-z][a-z0-9+.-]{0,62}$/i.test(protocol)) {
      return "name and protocol of a port must be texts, the protocol one word";
    }
    ports.push({ ...(name !== undefined && { name }), number, protocol: protocol.toLowerCase() });
  }
  return ports;
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= maxText;
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> | undefined {
  if (value === undefined) return true;
  if (!isMapping(value)) return false;
  const texts = Object.values(value);
  return texts.length <= maxTexts && texts.every((text) => typeof text === "string" && text.length <= maxText);
}
