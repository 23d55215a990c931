/** Which files a path means, and what tells that one of them changed. */
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Levels of folders that are read. */
const deepest = 3;
const mostFiles = 10_000;
const readable = /\.(ya?ml|json)$/i;

export interface FileTree {
  /** Device of the root: another one means that something was mounted or unmounted. */
  readonly device: number;
  /** The path is one file, not a folder. */
  readonly single: boolean;
  /** Files in path order. Their state is taken through symlinks. */
  readonly files: ReadonlyMap<string, FileState>;
  /** Folders whose changes matter. */
  readonly watch: ReadonlyMap<string, FolderWatch>;
  /** Files left out because there are too many. */
  readonly leftOut: number;
}

export interface FolderWatch {
  /** A folder that was replaced by another of the same name must be watched anew. */
  readonly inode: string;
  /** Only this name in it matters. */
  readonly only?: string;
}

/** Equal states mean an unchanged file. */
export interface FileState {
  readonly inode: string;
  readonly size: number;
  /** Inode, size, modification and change times as one text. */
  readonly stamp: string;
}

/**
 * @throws the error of the file system if the root, or a folder in it, cannot be read: a tree
 * with holes must not look like a complete one.
 */
export async function readTree(root: string): Promise<FileTree> {
  const top = await stat(root);
  if (top.isDirectory()) return readFolders(root, top.dev);
  // A link may lead to another folder, where the file itself is replaced.
  const folders = [dirname(root), dirname(await realpath(root))];
  return { device: top.dev, single: true, files: new Map([[root, await fileState(root)]]), watch: await watches(folders), leftOut: 0 };
}

/** Where to wait for a root that does not exist (any more): the nearest folder around it. */
export async function nearestFolder(root: string): Promise<ReadonlyMap<string, FolderWatch>> {
  for (let path = root; ; path = dirname(path)) {
    if (path !== root && (await isDirectory(path))) return watches([path]);
    if (path === dirname(path)) return new Map();
  }
}

async function readFolders(root: string, device: number): Promise<FileTree> {
  const paths: string[] = [];
  const folders: string[] = [];
  for (let level = [root], depth = 1; level.length > 0; depth++) {
    folders.push(...level);
    const below: string[] = [];
    for (const folder of level) {
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        if (entry.name.startsWith(".")) continue;
        const path = join(folder, entry.name);
        const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await isDirectory(path)));
        if (isFolder && depth < deepest) below.push(path);
        else if (!isFolder && readable.test(entry.name)) paths.push(path);
      }
    }
    level = below;
  }
  paths.sort();
  const files = new Map<string, FileState>();
  for (const path of paths.slice(0, mostFiles)) {
    const state = await fileState(path).catch(ignoreVanished);
    if (state) files.set(path, state);
  }
  const watch = new Map([...(await watches([dirname(root)], basename(root))), ...(await watches(folders))]);
  return { device, single: false, files, watch, leftOut: Math.max(0, paths.length - mostFiles) };
}

async function watches(folders: readonly string[], only?: string): Promise<Map<string, FolderWatch>> {
  const found = new Map<string, FolderWatch>();
  for (const folder of folders) {
    const state = await fileState(folder).catch(() => undefined);
    if (state) found.set(folder, { inode: state.inode, ...(only !== undefined && { only }) });
  }
  return found;
}

export async function fileState(path: string): Promise<FileState> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return { inode: `${dev}/${ino}`, size: Number(size), stamp: `${dev}/${ino}/${size}/${mtimeNs}/${ctimeNs}` };
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/** Between listing and looking a file may be replaced, and a link may point nowhere; the next look tells. */
function ignoreVanished(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR" || error.code === "ELOOP") return undefined;
  throw error;
}
