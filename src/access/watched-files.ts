import { fingerprint, foldersOf } from "../config/files/fingerprint.ts";
import { FolderWatches } from "../config/files/folder-watches.ts";

export interface WatchedFilesOptions {
  /** ms; files must look the same for this long before the change is told. Default 100. */
  readonly settleMs?: number;
  /** ms between looks at the files, for changes the kernel does not tell. Default 5000. */
  readonly pollMs?: number;
}

/**
 * Calls back when one of a few files was changed, replaced, or swapped beneath a symbolic link, as a mounted
 * Secret is; once for all of them, when they hold still. Does not keep the process alive.
 */
export class WatchedFiles {
  readonly #files: readonly string[];
  readonly #onChange: () => void;
  readonly #settleMs: number;
  readonly #watches = new FolderWatches(() => this.#lookSoon());
  readonly #poll: NodeJS.Timeout;
  #told: string;
  /** What the last look saw; it has to stay for one more. */
  #candidate: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Create it before the files are first read: what changes in between is then told. */
  constructor(files: readonly string[], onChange: () => void, { settleMs = 100, pollMs = 5_000 }: WatchedFilesOptions = {}) {
    this.#files = files;
    this.#onChange = onChange;
    this.#settleMs = settleMs;
    this.#told = this.#fingerprints();
    this.#watchFolders();
    this.#poll = setInterval(() => this.#lookSoon(), pollMs).unref();
  }

  close(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
    this.#watches.close();
  }

  /** Not put off by further events: a busy folder must not delay the look for ever. */
  #lookSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, this.#settleMs).unref();
  }

  #look(): void {
    this.#watchFolders();
    const now = this.#fingerprints();
    const settled = now === this.#candidate;
    this.#candidate = now;
    if (now === this.#told) return;
    if (!settled) {
      this.#lookSoon();
      return;
    }
    this.#told = now;
    this.#onChange();
  }

  #fingerprints(): string {
    return this.#files.map(fingerprint).join("\n");
  }

  #watchFolders(): void {
    this.#watches.set(new Set(this.#files.flatMap(foldersOf)));
  }
}
