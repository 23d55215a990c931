import { type Item, itemId, parseKeyText } from "../../service.ts";
import { publicNamespace } from "../meaning/group-key.ts";

const servicePrefix = "service/";
/** So many are remembered, the latest. */
const most = 1_000;

/**
 * Services that earlier workers told and this one has not met: the server removes a service some time after its last
 * instance, which is no reason to forget it. They are told without instances.
 */
export class UnmetServices {
  /** Ids of items. */
  readonly #ids: Set<string>;

  /** @param inherited ids of items that earlier workers told */
  constructor(inherited: readonly string[]) {
    this.#ids = new Set(inherited.filter((id) => id.startsWith(servicePrefix)).slice(-most));
  }

  met(item: Item): void {
    this.#ids.delete(itemId(item));
  }

  /** Those of namespaces that are followed; others are forgotten. @param isWanted of a name or an interface */
  *items(isFollowed: (namespace: string) => boolean, isWanted: (name: string) => boolean): Iterable<Item> {
    for (const id of this.#ids) {
      const key = parseKeyText(id.slice(servicePrefix.length));
      // Of Dubbo's services, Nacos' group stands behind the namespace.
      const [namespace = ""] = (key.namespace ?? publicNamespace).split("/");
      if (isFollowed(namespace) && isWanted(key.name)) yield { kind: "service", service: { key, instances: [] } };
      else this.#ids.delete(id);
    }
  }
}
