/**
 * The decoder `template`: the service is put together from the annotation's text and the pod's labels, for registrations in a
 * form of somebody's own. Grammar: docs/registries/pods.md.
 */
import type { ServiceKey } from "../service.ts";
import type { Carrier, Decode } from "./registrations.ts";

/** Texts with placeholders: `{annotation}`, `{annotation.KEY}`, `{labels.KEY}`, `{pod}`, `{namespace}`. */
export interface ServiceTemplate {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly group?: string | undefined;
  readonly version?: string | undefined;
  /** Of the one port. */
  readonly port: string;
  readonly protocol: string;
}

const placeholder = /\{(annotation|labels|pod|namespace)(?:\.([^{}]+))?\}/g;

/** What is wrong with a template's text; undefined if it is one. */
export function templateProblem(text: string): string | undefined {
  const rest = text.replace(placeholder, (whole, what: string, key: string | undefined) => {
    const takesKey = what === "labels" || what === "annotation";
    return (key === undefined ? what !== "labels" : takesKey) ? "" : whole;
  });
  const wrong = /[{}].*/.exec(rest)?.[0];
  return wrong === undefined
    ? undefined
    : `${JSON.stringify(wrong)} is none of {annotation}, {annotation.KEY}, {labels.KEY}, {pod}, {namespace}`;
}

export function decodeByTemplate(template: ServiceTemplate): Decode {
  return (payload, carrier) => {
    const fill = filler(payload, carrier);
    const [name, port] = [fill(template.name), fill(template.port)];
    if (name === "") return `the service's name ${JSON.stringify(template.name)} comes out empty`;
    if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
      return `the port ${JSON.stringify(template.port)} comes out as ${JSON.stringify(port.slice(0, 100))}`;
    }
    const protocol = fill(template.protocol).toLowerCase();
    if (!/^[a-z][a-z0-9+.-]{0,62}$/.test(protocol)) return `the protocol comes out as ${JSON.stringify(protocol.slice(0, 100))}`;
    const optional = (part: "namespace" | "group" | "version"): Partial<ServiceKey> => {
      const text = fill(template[part] ?? "");
      return text === "" ? {} : { [part]: text };
    };
    const key: ServiceKey = { ...optional("namespace"), ...optional("group"), name, ...optional("version") };
    const address = carrier.addresses[0]!;
    const id = `${address.includes(":") ? `[${address}]` : address}:${port}`;
    return { offers: [{ key, instance: { id, address, ports: [{ number: Number(port), protocol }] } }], calls: [] };
  };
}

/** What stands for nothing is empty. */
function filler(payload: string, { namespace, name, labels }: Carrier): (text: string) => string {
  let fields: Readonly<Record<string, unknown>> | undefined;
  const field = (key: string): string => {
    fields ??= fieldsOf(payload);
    const value = Object.hasOwn(fields, key) ? fields[key] : "";
    return typeof value === "string" || typeof value === "number" ? String(value) : "";
  };
  return (text) =>
    text.replace(placeholder, (_whole, what: string, key: string | undefined) => {
      if (what === "annotation") return key === undefined ? payload.trim() : field(key);
      if (what === "labels") return labels[key ?? ""] ?? "";
      return what === "pod" ? name : namespace;
    });
}

/** The annotation as a JSON object. */
function fieldsOf(payload: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
