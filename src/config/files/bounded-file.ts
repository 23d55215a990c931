import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/**
 * Reads a small text file whole. It cannot stall or fill memory whatever the path names: a pipe or a
 * device is refused, and so is a file over `maxBytes` or one that is not UTF-8 (a byte order mark is dropped).
 *
 * @throws an Error whose message says why, without the path.
 */
export function readBoundedFile(path: string, maxBytes: number): string {
  let fd: number;
  try {
    // Without O_NONBLOCK, opening a pipe would wait for its writer.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new Error(reason(error), { cause: error });
  }
  try {
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw new Error("it is a directory");
    if (!stat.isFile()) throw new Error("it is not a regular file");
    if (stat.size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    // Twice the size: files of /proc and the like have none, and one that grows is noticed.
    const buffer = Buffer.alloc(Math.min(maxBytes + 1, stat.size * 2 + 4096));
    let length = 0;
    while (length < buffer.length) {
      const read = readSync(fd, buffer, length, buffer.length - length, null);
      if (read === 0) break;
      length += read;
    }
    // It grew while it was read: whoever writes it is not done.
    if (length > maxBytes || length === buffer.length) throw new Error(`it is larger than ${maxBytes} bytes or still growing`);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(buffer.subarray(0, length));
    } catch {
      throw new Error("it is not UTF-8 text");
    }
  } finally {
    closeSync(fd);
  }
}

function reason(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return "it does not exist";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "ENOTDIR":
      return "a part of its path is not a directory";
    case "ELOOP":
      return "its symbolic links form a loop";
    default:
      return (error as Error).message;
  }
}
