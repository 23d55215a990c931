/**
 * Change notifications for a set of folders. Folders, not files: a file that is replaced by a
 * rename, or through a ConfigMap's `..data` link, keeps only its name.
 */
import { type FSWatcher, watch } from "node:fs";
import type { FolderWatch } from "./file-tree.ts";

const mostFolders = 1_000;

export class WatchedFolders {
  readonly #watchers = new Map<string, { readonly inode: string; readonly watcher: FSWatcher }>();
  readonly #changed: () => void;

  /** @param changed something in one of the folders changed; comes in bursts. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /**
   * Watches exactly these from now on. What cannot be watched is left to polling.
   * @returns whether one is new: what happened in it before may have been missed.
   */
  set(folders: ReadonlyMap<string, FolderWatch>): boolean {
    for (const [folder, { inode }] of this.#watchers) if (folders.get(folder)?.inode !== inode) this.#drop(folder);
    let added = false;
    for (const [folder, wanted] of folders) {
      if (this.#watchers.size < mostFolders && !this.#watchers.has(folder)) added = this.#add(folder, wanted) || added;
    }
    return added;
  }

  close(): void {
    this.set(new Map());
  }

  #add(folder: string, { inode, only }: FolderWatch): boolean {
    try {
      const watcher = watch(folder, (_event, name) => {
        if (only === undefined || name === null || name === only) this.#changed();
      });
      watcher.on("error", () => this.#drop(folder));
      this.#watchers.set(folder, { inode, watcher });
      return true;
    } catch {
      // No such folder at the moment, or the system's watches are used up: polling sees it.
      return false;
    }
  }

  #drop(folder: string): void {
    this.#watchers.get(folder)?.watcher.close();
    this.#watchers.delete(folder);
  }
}
