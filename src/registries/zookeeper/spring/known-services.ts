import { LivingServices } from "../../living-services.ts";
import { parseKeyText } from "../../service.ts";
import type { Instances } from "../curator/service-folder.ts";

const servicePrefix = "service/";

/**
 * What is remembered of a services tree over all sessions of one worker, and of what earlier workers told. A service
 * that lost its instances stays known, also when its folder is gone: the server removes empty ones by itself.
 */
export class KnownServices extends LivingServices {
  /** What the tree told last. */
  readonly instances: Map<string, Instances>;

  /** @param inherited ids of items */
  constructor(inherited: readonly string[]) {
    const ids = inherited.filter((id) => id.startsWith(servicePrefix));
    const names = ids.map((id) => parseKeyText(id.slice(servicePrefix.length)).name);
    super(names);
    this.instances = new Map(names.map((name) => [name, new Map()]));
  }
}
