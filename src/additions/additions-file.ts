/**
 * The file `additions` in the folder of last-known-good: what was added at run time, for the next start. It is replaced
 * as a whole, by `rename`, once the new content is on the disk.
 */
import { join } from "node:path";
import { type Disk, localDisk } from "../last-known-good/disk.ts";
import { setAside } from "../last-known-good/set-aside.ts";
import type { Logger } from "../log/logger.ts";
import { type Additions, noAdditions } from "./addition.ts";
import { decodeAdditions, encodeAdditions } from "./additions-text.ts";

export class AdditionsFile {
  readonly #path: string;
  readonly #disk: Disk;
  readonly #log: Logger;
  /** The file is there, but not for us: it is never written. */
  #blocked: string | undefined;

  constructor(folder: string, log: Logger, disk: Disk = localDisk) {
    this.#path = join(folder, "additions");
    this.#disk = disk;
    this.#log = log;
  }

  /** What an earlier process wrote. Whatever is wrong with the file is logged, and costs what is in it. */
  async read(): Promise<Additions> {
    const reading = await this.#reading();
    switch (reading.is) {
      case "read":
        return reading.additions;
      case "newer":
        this.#blocked = `${this.#path} has format version ${reading.version}, written by a newer release`;
        this.#log.error({ code: "STATE_NEWER", file: this.#path }, `${this.#blocked}; it is kept as it is, and nothing of it counts`);
        return noAdditions;
      case "unusable":
        this.#moveAway(reading.why);
        return noAdditions;
    }
  }

  /** Resolves once it is safe from a power failure. Rejects with what the disk says; the file is then as it was. */
  async write(additions: Additions): Promise<void> {
    if (this.#blocked !== undefined) throw new Error(this.#blocked);
    const next = `${this.#path}.new`;
    const file = this.#disk.create(next);
    try {
      this.#disk.write(file, encodeAdditions(additions));
      await this.#disk.sync(file);
    } finally {
      this.#disk.close(file);
    }
    this.#disk.rename(next, this.#path);
  }

  async #reading() {
    try {
      const file = await this.#disk.read(this.#path);
      return file === undefined ? ({ is: "read", additions: noAdditions } as const) : decodeAdditions(file.bytes);
    } catch (error) {
      return { is: "unusable", why: `it cannot be read: ${(error as Error).message}` } as const;
    }
  }

  #moveAway(why: string): void {
    try {
      const target = setAside(this.#disk, this.#path, "bad", new Date());
      this.#log.error(
        { code: "STATE_UNUSABLE", file: target },
        `what was added at run time is lost: ${why}; the file is kept as ${target}`,
      );
    } catch (error) {
      this.#blocked = `${this.#path} cannot be used: ${why}, nor moved away: ${(error as Error).message}`;
      this.#log.error({ code: "STATE_UNUSABLE", file: this.#path }, this.#blocked);
    }
  }
}
