/** The keys of the services in one group of one namespace. */
import type { ServiceKey } from "../../service.ts";
import { defaultGroup } from "../nacos-service.ts";
import type { MeaningSettings } from "./settings.ts";

/** The namespace that everybody has. */
export const publicNamespace = "public";

export class GroupKey {
  /** Of the problems that are met here. */
  readonly text: string;
  readonly #namespace: string;
  readonly #group: string;

  constructor(namespace: string, group: string, merge: MeaningSettings["merge"]) {
    this.text = `${namespace || publicNamespace}/${group}`;
    this.#namespace = merge === "namespaces" || namespace === publicNamespace ? "" : namespace;
    this.#group = merge !== "none" || group === defaultGroup ? "" : group;
  }

  /** Of a service that others call by the name it has in Nacos. */
  plain(name: string): ServiceKey {
    return { ...(this.#namespace && { namespace: this.#namespace }), ...(this.#group && { group: this.#group }), name };
  }

  /** Of a Dubbo service, whose own group is the one that counts: Nacos' group stands behind the namespace. */
  dubbo(key: ServiceKey): ServiceKey {
    const namespace = this.#group ? `${this.#namespace || publicNamespace}/${this.#group}` : this.#namespace;
    return { ...(namespace && { namespace }), ...key };
  }
}
