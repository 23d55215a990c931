/**
 * What generated services are made of, as far as registries say it: as digests that survive a restart of ours with
 * unchanged registries and settings. Equal digests mean equal services.
 */
import { hash } from "node:crypto";
import { portsText } from "../naming/known-ports.ts";
import type { ReadyResources } from "./ready-resources.ts";
import type { ServiceIndex } from "./service-index.ts";
import type { ServicePart } from "./service-part.ts";

export class ServiceInputs {
  readonly #services: ServiceIndex;
  readonly #resources: ReadyResources;
  readonly #dependOnTime: () => boolean;

  /** `dependOnTime`: whether what several registries give together does; see `PolicyOf`. */
  constructor(services: ServiceIndex, resources: ReadyResources, dependOnTime: () => boolean) {
    this.#services = services;
    this.#resources = resources;
    this.#dependOnTime = dependOnTime;
  }

  /**
   * Of the service under "namespace/host". Undefined: there is none, a ready resource takes its place, or it depends on something else:
   * facts, time, a registry that is drained.
   */
  digest(namespaceAndHost: string): string | undefined {
    const parts = this.#services.servedAt(namespaceAndHost).toSorted((one, other) => one.source.priority - other.source.priority);
    const first = parts[0];
    if (first === undefined || (parts.length > 1 && this.#dependOnTime())) return undefined;
    if (this.#resources.blocking(first.namespace, this.#services.hostOf(first)) !== undefined) return undefined;
    const inputs: string[] = [];
    for (const part of parts) {
      const own = this.#inputsOf(part);
      if (own === undefined) return undefined;
      inputs.push(...own);
    }
    return hash("sha256", inputs.join("\n")).slice(0, 32);
  }

  /** Nobody will `get` the service soon: what was parsed of it goes. */
  release(namespaceAndHost: string): void {
    for (const part of this.#services.servedAt(namespaceAndHost)) part.fresh = undefined;
  }

  #inputsOf(part: ServicePart): readonly string[] | undefined {
    const { source, itemId, identity, namespace } = part;
    if (source.enrichment !== undefined || source.view.isDrained) return undefined;
    const text = source.view.items.get(itemId)?.text;
    if (text === undefined) return undefined;
    const free = (host: string) => this.#resources.blocking(namespace, host) === undefined;
    const otherHosts = this.#services.otherHostsOf(part).filter(free);
    const ports = portsText(source.known.get(itemId) ?? []);
    // Texts are long: each is hashed as it is, instead of copied.
    return [source.id, source.settingsDigest, itemId, identity, ports, hash("sha256", text), ...otherHosts];
  }
}
