/** What a registry's view tells the catalog. */
import type { Item } from "../../registries/service.ts";
import type { Hold, ItemHold } from "../protection/hold.ts";

export interface ViewEvents {
  /** The effective item is another one; undefined: it left. */
  changed(id: string, item: Item | undefined, seenAt: number): void;
  /** What must survive a restart of an item is another thing now; comes after `changed`. */
  kept(id: string): void;
  /** Held shrinkage is about to be honoured: the registry is to be read again. */
  relist(): void;
  /** Of growth it tells whether or not additions wait. */
  opened(hold: Hold | ItemHold): void;
  /** `honoured`: items that are served as the registry says them from now on. */
  closed(hold: Hold | ItemHold, honoured: number): void;
}
