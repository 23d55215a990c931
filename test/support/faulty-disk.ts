/** A local disk that can be full, read-only or broken from one moment to the next. */
import { type Disk, localDisk } from "../../src/last-known-good/disk.ts";

export class FaultyDisk implements Disk {
  /** Bytes that may still be written; what exceeds them is written in part. Undefined: as many as there are. */
  room: number | undefined;
  /** Thrown by every act that changes something, as an error with this code: `EROFS`, `EIO`. */
  broken: string | undefined;
  /** What happened, in order: `create a.journal`, `write 12`, `rename a.journal.new a.journal`. */
  readonly acts: string[] = [];

  makeFolder(path: string): void {
    this.#act("makeFolder");
    localDisk.makeFolder(path);
  }
  list(folder: string): readonly string[] {
    return localDisk.list(folder);
  }
  read(path: string) {
    return localDisk.read(path);
  }
  create(path: string): number {
    this.#act(`create ${name(path)}`);
    return localDisk.create(path);
  }
  append(path: string, size: number): number {
    this.#act(`append ${name(path)} ${size}`);
    return localDisk.append(path, size);
  }
  write(file: number, bytes: Uint8Array): void {
    this.#act(`write ${bytes.length}`);
    const room = this.room ?? bytes.length;
    localDisk.write(file, bytes.subarray(0, room));
    if (this.room !== undefined) this.room = Math.max(0, room - bytes.length);
    if (bytes.length > room) throw failure("ENOSPC");
  }
  sync(file: number): Promise<void> {
    return localDisk.sync(file);
  }
  close(file: number): void {
    localDisk.close(file);
  }
  rename(from: string, to: string): void {
    this.#act(`rename ${name(from)} ${name(to)}`);
    localDisk.rename(from, to);
  }
  remove(path: string): void {
    this.#act(`remove ${name(path)}`);
    localDisk.remove(path);
  }

  #act(what: string): void {
    this.acts.push(what);
    if (this.broken !== undefined) throw failure(this.broken);
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: out of a test`), { code });
}

function name(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
