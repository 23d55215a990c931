/** What a registry's view tells the catalog. */
import type { Item } from "../registries/service.ts";
import type { Hold } from "./restart-hold.ts";

export interface ViewEvents {
  /** The effective item is another one; undefined: it left. */
  changed(id: string, item: Item | undefined, seenAt: number): void;
  /** What must survive a restart of an item is another thing now; comes after `changed`. */
  kept(id: string): void;
  /** Held shrinkage is about to be honoured: the registry is to be read again. */
  relist(): void;
  opened(hold: Hold): void;
  closed(hold: Hold, honoured: number): void;
}
