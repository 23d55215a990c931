/** The few acts on files that journals need; a test hands in a disk that is full or broken. */
import { closeSync, constants, fsync, ftruncateSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { promisify } from "node:util";

export interface StoredFile {
  readonly bytes: Buffer;
  /** Epoch ms of its last change. */
  readonly changedAt: number;
}

/** Everything throws what Node's `fs` throws. Synchronous acts are those that must be done before a change is published. */
export interface Disk {
  makeFolder(path: string): void;
  list(folder: string): readonly string[];
  /** Off the event loop. Undefined: there is no such file. */
  read(path: string): Promise<StoredFile | undefined>;
  /** A new and empty file, in the place of an old one. */
  create(path: string): number;
  /** An existing file, cut to its first `size` bytes; writing goes on there. */
  append(path: string, size: number): number;
  /** All of it, or it throws: perhaps a part of it is written then. */
  write(file: number, bytes: Uint8Array): void;
  /** Off the event loop: until it is safe from a power failure. */
  sync(file: number): Promise<void>;
  close(file: number): void;
  rename(from: string, to: string): void;
  /** Without complaint if there is none. */
  remove(path: string): void;
}

/** Bytes. A journal is read whole; nothing we write comes near this. */
const largestFile = 1024 * 1024 * 1024;

const syncFile = promisify(fsync);

export const localDisk: Disk = {
  makeFolder: (path) => void mkdirSync(path, { recursive: true, mode: 0o700 }),
  list: (folder) => readdirSync(folder),
  async read(path) {
    const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (file === undefined) return undefined;
    try {
      const { size, mtimeMs } = await file.stat();
      if (size > largestFile) throw new RangeError(`it has ${size} bytes, more than ${largestFile}`);
      const bytes = Buffer.allocUnsafe(size);
      let length = 0;
      while (length < size) {
        const { bytesRead } = await file.read(bytes, length, size - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return { bytes: bytes.subarray(0, length), changedAt: mtimeMs };
    } finally {
      await file.close();
    }
  },
  create: (path) => openSync(path, "w", 0o600),
  append(path, size) {
    const file = openSync(path, constants.O_WRONLY | constants.O_APPEND);
    try {
      ftruncateSync(file, size);
      return file;
    } catch (error) {
      closeSync(file);
      throw error;
    }
  },
  write(file, bytes) {
    let written = 0;
    while (written < bytes.length) written += writeSync(file, bytes, written);
  },
  sync: (file) => syncFile(file),
  close: (file) => closeSync(file),
  rename: (from, to) => renameSync(from, to),
  remove: (path) => rmSync(path, { force: true }),
};
