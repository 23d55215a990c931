/** What a pod is to register: the document of docs/registries/pods.md, or the short form of a flag. */
import { parse } from "yaml";
import { type OfferedService, readServices } from "../registries/pod-records/offered-service.ts";

/** The services of a document in YAML or JSON. @throws an Error that says everything that is wrong with it */
export function parseServices(text: string): readonly OfferedService[] {
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw new Error(`it is neither YAML nor JSON: ${(error as Error).message.split("\n")[0]}`);
  }
  return checkedServices(document);
}

/** The same of a document that is parsed already. Nothing of it is left out in silence: its author is at hand. */
export function checkedServices(document: unknown): readonly OfferedService[] {
  const problems: string[] = [];
  const services = readServices(document, "", ({ where, message }) => problems.push(`${where.trim()}: ${message}`));
  if (typeof services === "string") throw new Error(services);
  if (problems.length > 0) throw new Error(problems.join("; "));
  return services;
}

/** `orders=http:8080,grpc:9090?version=2&group=g&weight=10`. @throws an Error that says what is expected */
export function parseServiceFlag(text: string): OfferedService {
  const [, name, ports, query = ""] = /^([^=?]+)=([^?]+)(?:\?(.*))?$/.exec(text) ?? [];
  if (name === undefined || ports === undefined) throw new Error("expected NAME=PROTOCOL:PORT, such as orders=http:8080?version=2");
  const { weight, ...parameters } = Object.fromEntries(new URLSearchParams(query));
  const service = {
    ...parameters,
    name,
    ports: ports.split(",").map((port) => {
      const [protocol, number] = port.split(":");
      return { protocol, number: Number(number) };
    }),
    ...(weight !== undefined && { weight: Number(weight) }),
  };
  const [checked] = checkedServices({ services: [service] });
  return checked!;
}
