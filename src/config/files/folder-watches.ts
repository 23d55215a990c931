import { type FSWatcher, statSync, watch } from "node:fs";

/**
 * Watches a changing set of folders and calls back when anything happens in one of them. Only a
 * hint: what the kernel does not tell (network file systems, no watches left) the caller has to poll for.
 */
export class FolderWatches {
  readonly #watches = new Map<string, { readonly watcher: FSWatcher; readonly inode: number }>();
  readonly #onEvent: () => void;

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** Watches exactly these folders. One that was replaced by another of the same name is watched anew. */
  set(folders: ReadonlySet<string>): void {
    for (const folder of [...this.#watches.keys()]) {
      if (!folders.has(folder)) this.#drop(folder);
    }
    for (const folder of folders) this.#ensure(folder);
  }

  close(): void {
    this.set(new Set());
  }

  #ensure(folder: string): void {
    const inode = statSync(folder, { throwIfNoEntry: false })?.ino;
    if (inode !== undefined && this.#watches.get(folder)?.inode === inode) return;
    this.#drop(folder);
    if (inode === undefined) return;
    try {
      const watcher = watch(folder, { persistent: false }, this.#onEvent);
      watcher.on("error", () => this.#drop(folder));
      this.#watches.set(folder, { watcher, inode });
    } catch {
      // Not readable, or no watches left: the poll remains.
    }
  }

  #drop(folder: string): void {
    this.#watches.get(folder)?.watcher.close();
    this.#watches.delete(folder);
  }
}
