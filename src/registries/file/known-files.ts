/**
 * What is known of each file, and when a file's word counts: a file that is being written is left
 * to settle, a broken one keeps its last good content, a deleted or emptied one is looked at twice.
 */
import { readFile } from "node:fs/promises";
import type { Problem } from "../contract.ts";
import { itemId } from "../service.ts";
import { type FileState, type FileTree, fileState } from "./file-tree.ts";
import { type FileContent, type FileFormat, parseFile } from "./parse-file.ts";
import { BadFile } from "./source-document.ts";

/** A file that is written in place is read once it stayed the same this long, ms. */
const settleMs = 50;
const mebibyte = 1024 * 1024;
/**
 * YAML takes about a second and 100 MB of heap per MB (measured; JSON 5 % of that): a larger file
 * would look like a hanging worker, or fill it. A folder may hold many files.
 */
const largest = { json: 64 * mebibyte, yaml: 2 * mebibyte };

interface KnownFile {
  /** As of the last reading. */
  stamp?: string;
  inode?: string;
  /** The last good content. */
  content?: FileContent;
  /** Why it cannot be read now. */
  broken?: string;
  /** The stamp it must keep for a while before it is read. */
  settling?: { readonly stamp: string; readonly since: number };
  /** Since when it is missing or empty although it held something, ms. */
  doubtful?: number;
}

export interface Look {
  /** The contents changed. */
  readonly changed: boolean;
  readonly problems: readonly Problem[];
  /** Look again after so many ms. */
  readonly again: number | undefined;
}

export class KnownFiles {
  readonly #files = new Map<string, KnownFile>();
  readonly #format: FileFormat;
  readonly #confirmMs: number;

  constructor(format: FileFormat, confirmMs: number) {
    this.#format = format;
    this.#confirmMs = confirmMs;
  }

  /** The last good content of every file, in path order. */
  *contents(): Iterable<FileContent> {
    for (const path of [...this.#files.keys()].sort()) {
      const content = this.#files.get(path)?.content;
      if (content) yield content;
    }
  }

  get size(): number {
    return this.#files.size;
  }

  /** A file that was never read well: what it holds is unknown, so no listing is complete. */
  get unknown(): string | undefined {
    for (const [path, file] of this.#files) if (!file.content) return `${path}: ${file.broken ?? "is being written"}`;
    return undefined;
  }

  /**
   * Compares with the tree and reads what is new.
   * @param now any clock that only goes forward, ms.
   * @param all read every file, also those that look the same, without waiting for them to settle.
   */
  async look(tree: FileTree, now: number, all: boolean): Promise<Look> {
    const problems: Problem[] = [];
    let changed = false;
    let again: number | undefined;
    const lookAgain = (ms: number) => {
      again = Math.min(again ?? ms, ms);
    };
    for (const [path, state] of tree.files) {
      const file = this.#files.get(path) ?? {};
      this.#files.set(path, file);
      if (!all && file.stamp === state.stamp && file.doubtful === undefined) continue;
      if (!all && !settled(file, state, now)) {
        lookAgain(settleMs);
        continue;
      }
      const content = await this.#read(path, state, file, problems);
      if (content === "moving") {
        lookAgain(settleMs);
        continue;
      }
      if (content === undefined) continue;
      if (isEmpty(content) && file.content && !isEmpty(file.content) && !this.#confirmed(file, now)) {
        lookAgain(this.#confirmMs);
        continue;
      }
      file.doubtful = undefined;
      file.content = keepUnreadable(content, file.content);
      problems.push(...content.problems);
      changed = true;
    }
    for (const [path, file] of this.#files) {
      if (tree.files.has(path)) continue;
      if (file.content && !this.#confirmed(file, now)) {
        lookAgain(this.#confirmMs);
      } else {
        this.#files.delete(path);
        changed = true;
      }
    }
    return { changed, problems, again };
  }

  /** Seen twice, long enough apart. */
  #confirmed(file: KnownFile, now: number): boolean {
    file.doubtful ??= now;
    return now - file.doubtful >= this.#confirmMs;
  }

  async #read(path: string, state: FileState, file: KnownFile, problems: Problem[]): Promise<FileContent | "moving" | undefined> {
    try {
      const most = path.endsWith(".json") ? largest.json : largest.yaml;
      if (state.size > most) throw new BadFile(path, tooLarge(most));
      const text = await readFile(path, "utf8");
      if ((await fileState(path)).stamp !== state.stamp) return "moving";
      file.stamp = state.stamp;
      file.inode = state.inode;
      file.settling = undefined;
      const content = parseFile(path, text, this.#format);
      file.broken = undefined;
      return content;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // Gone between the look and the reading: the next look tells.
      if (code === "ENOENT") return "moving";
      const kept = file.content ? "its last good content is kept" : "nothing is known of it";
      const where = error instanceof BadFile ? error.where : path;
      if (file.broken !== message || error instanceof BadFile) problems.push({ code: "bad-file", where, message: `${message}; ${kept}` });
      file.broken = message;
      file.doubtful = undefined;
      return undefined;
    }
  }
}

/** A file under another inode was replaced as a whole; one that is written in place must stay the same for a while. */
function settled(file: KnownFile, state: FileState, now: number): boolean {
  if (file.stamp === state.stamp) return true;
  if (file.inode !== undefined && file.inode !== state.inode) return true;
  if (file.settling?.stamp !== state.stamp) file.settling = { stamp: state.stamp, since: now };
  return now - file.settling.since >= settleMs;
}

function tooLarge(most: number): string {
  return `the file is larger than ${most / mebibyte} MiB; divide it, or write it as JSON (up to ${largest.json / mebibyte} MiB)`;
}

function isEmpty(content: FileContent): boolean {
  return content.items.length === 0 && content.unreadable.length === 0;
}

/** What stands in the file but cannot be read now stays as it was. */
function keepUnreadable(content: FileContent, before: FileContent | undefined): FileContent {
  if (content.unreadable.length === 0 || !before) return content;
  const unreadable = new Set(content.unreadable);
  return { ...content, items: [...content.items, ...before.items.filter(({ item }) => unreadable.has(itemId(item)))] };
}
