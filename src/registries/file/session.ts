/** The heavy half of the `file` kind: looks at the files whenever they may have changed, and tells. */
import { resolve } from "node:path";
import type { Emitter, Session, SessionContext, StartSession } from "../contract.ts";
import { itemId } from "../service.ts";
import { type FileTree, type FolderWatch, nearestFolder, readTree } from "./file-tree.ts";
import type { FileSettings } from "./kind.ts";
import { KnownFiles } from "./known-files.ts";
import { WatchedFolders } from "./watched-folders.ts";

/** Least time from one look to the next, ms: notifications come in bursts. */
const leastGapMs = 10;
/** A file system that takes longer than this to answer does not answer, ms. */
const answerMs = 5_000;

export const start: StartSession = (context) => new FileSession(context);

class FileSession implements Session {
  readonly #emit: Emitter;
  readonly #settings: FileSettings;
  readonly #root: string;
  readonly #files: KnownFiles;
  readonly #watched = new WatchedFolders(() => this.#soon());
  #next: NodeJS.Timeout | undefined;
  #looking = false;
  #lookAgain = false;
  /** A complete listing is owed: at the start, after a loss of contact, on request. */
  #owed = true;
  #readAll = true;
  /** Why the last listing was not complete. */
  #missing: string | undefined;
  #device: number | undefined;
  #closed = false;

  constructor({ emit, settings }: SessionContext) {
    this.#emit = emit;
    this.#settings = settings as FileSettings;
    this.#root = resolve(this.#settings.path);
    this.#files = new KnownFiles(this.#settings.format, this.#settings.confirm);
    void this.#look();
  }

  relist(): void {
    this.#owed = true;
    this.#readAll = true;
    this.#soon();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#next);
    this.#watched.close();
  }

  #soon(): void {
    // Once is enough: a stream of notifications must not push the look ahead of itself.
    if (!this.#looking && !this.#lookAgain) this.#schedule(leastGapMs);
    this.#lookAgain = true;
  }

  #schedule(ms: number): void {
    clearTimeout(this.#next);
    if (!this.#closed) this.#next = setTimeout(() => void this.#look(), ms);
  }

  async #look(): Promise<void> {
    if (this.#looking || this.#closed) return;
    this.#looking = true;
    this.#lookAgain = false;
    let again: number | undefined;
    const patience = setTimeout(() => this.#lost(`the file system of ${this.#root} does not answer`), answerMs);
    try {
      const tree = await readTree(this.#root);
      // Before reading: what changes while we read is noticed.
      this.#watch(tree.watch);
      again = await this.#compare(tree);
    } catch (error) {
      this.#lost(`${this.#root} cannot be read: ${reason(error)}`);
      this.#watch(await nearestFolder(this.#root));
    } finally {
      clearTimeout(patience);
      this.#looking = false;
    }
    this.#schedule(this.#lookAgain ? leastGapMs : Math.min(again ?? this.#settings.poll, this.#settings.poll));
  }

  #watch(folders: ReadonlyMap<string, FolderWatch>): void {
    if (!this.#closed && this.#watched.set(folders)) this.#lookAgain = true;
  }

  /** @returns after how many ms to look again, if it matters. */
  async #compare(tree: FileTree): Promise<number | undefined> {
    // An unmounted volume leaves an empty folder of another file system behind.
    if (tree.files.size === 0 && this.#files.size > 0 && tree.device !== this.#device) {
      throw new Error("it is empty and on another file system than before, as if a volume were not mounted");
    }
    this.#device = tree.device;
    const readAll = this.#readAll;
    this.#readAll = false;
    const { changed, problems, again } = await this.#files.look(tree, performance.now(), readAll);
    if (this.#closed) return undefined;
    this.#emit.contact();
    for (const problem of problems) this.#emit.problem(problem);
    if (changed || this.#owed) this.#list(tree);
    return again;
  }

  #list(tree: FileTree): void {
    const listing = this.#emit.listing();
    const places = new Map<string, string>();
    for (const { items, unreadable } of this.#files.contents()) {
      for (const id of unreadable) listing.keep(id);
      for (const { item, place } of items) {
        const id = itemId(item);
        const first = places.get(id);
        if (first !== undefined) {
          this.#emit.problem({ code: "duplicate-item", where: place, message: `${id} is already given at ${first}, which is used` });
          continue;
        }
        places.set(id, place);
        listing.add(item);
      }
    }
    const wasMissing = this.#missing;
    const missing = tree.leftOut > 0 ? `${tree.leftOut} files too many in ${this.#root}` : this.#files.unknown;
    this.#missing = missing;
    this.#owed = missing !== undefined;
    if (missing === undefined) listing.commit();
    else if (missing !== wasMissing) listing.abandon(missing);
  }

  #lost(reason: string): void {
    if (this.#closed) return;
    this.#owed = true;
    this.#emit.unreachable(reason);
  }
}

/** Without the path, which is told already. */
function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "it does not exist";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  return message || String(error);
}
