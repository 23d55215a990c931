/**
 * Reading the JSON text of an item. The text comes from our own worker, yet nothing in it may
 * crash the main thread: what later rooms rely on is checked here, once, and cheaply.
 */
import type { Instance, Item, Port } from "../../registries/service.ts";

/** The item, or undefined if the text is not one. */
export function parseItem(text: string): Item | undefined {
  try {
    const item = JSON.parse(text) as Item;
    return isItem(item) ? item : undefined;
  } catch {
    return undefined;
  }
}

/** How many endpoints an item stands for: what the protection counts. */
export function endpointCount(item: Item): number {
  switch (item.kind) {
    case "service":
      return item.service.instances.length;
    case "resource": {
      const { endpoints } = item.resource.spec;
      if (item.resource.kind === "WorkloadEntry") return 1;
      return Array.isArray(endpoints) ? endpoints.length : 0;
    }
    case "fact":
      return 0;
  }
}

function isItem(item: Item): boolean {
  switch (item?.kind) {
    case "service": {
      const { service } = item;
      return (
        isObject(service) &&
        isText(service.key?.name) &&
        Array.isArray(service.instances) &&
        service.instances.every(isInstance) &&
        (service.ports === undefined || isPorts(service.ports)) &&
        (service.hosts === undefined || (Array.isArray(service.hosts) && service.hosts.every(isText))) &&
        (service.exportTo === undefined || (Array.isArray(service.exportTo) && service.exportTo.every(isText))) &&
        (service.consumers === undefined || Array.isArray(service.consumers)) &&
        (service.annotations === undefined || isObject(service.annotations))
      );
    }
    case "resource": {
      const { resource } = item;
      return (
        isObject(resource) &&
        isText(resource.kind) &&
        isText(resource.metadata?.name) &&
        isText(resource.metadata.namespace) &&
        isObject(resource.spec)
      );
    }
    case "fact":
      return isObject(item.fact) && isText(item.fact.subject) && isText(item.fact.name);
    default:
      return false;
  }
}

function isInstance(instance: Instance): boolean {
  return isObject(instance) && isText(instance.id) && isText(instance.address) && isPorts(instance.ports);
}

function isPorts(ports: readonly Port[]): boolean {
  return Array.isArray(ports) && ports.every((port: Port) => isObject(port) && typeof port.number === "number" && isText(port.protocol));
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
