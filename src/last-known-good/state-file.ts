/**
 * A small file in the folder of last-known-good that is not a registry's: a text, replaced as a whole.
 *
 *     tributary-operator 1 89abcdef⏎
 *     text …
 *
 * The first line names what it is, its format version, and the CRC-32 of everything behind it.
 */
import { join } from "node:path";
import type { Logger } from "../log/logger.ts";
import { checksum } from "./checksum.ts";
import { type Disk, localDisk } from "./disk.ts";
import { setAside } from "./set-aside.ts";

const formatVersion = 1;
/** Bytes; more is none of ours: a hundred registries and clusters with their kubeconfigs. */
const largest = 64 * 1024 * 1024;

export type StateReading =
  | { readonly is: "read"; readonly text: string | undefined }
  | { readonly is: "newer"; readonly version: number }
  /** By the disk's word, which may be another one later. */
  | { readonly is: "unreadable"; readonly why: string }
  | { readonly is: "unusable"; readonly why: string };

export class StateFile {
  readonly #name: string;
  readonly #path: string;
  readonly #disk: Disk;
  readonly #log: Logger;
  /** Why the file is never written: it is there, but not for us. */
  #blocked: string | undefined;

  constructor(folder: string, name: string, log: Logger, disk: Disk = localDisk) {
    this.#name = name;
    this.#path = join(folder, name);
    this.#disk = disk;
    this.#log = log;
  }

  /** What was written last; undefined: nothing, or nothing that can be used, which is logged. Never rejects. */
  async read(): Promise<string | undefined> {
    const reading = await this.#reading();
    if (reading.is === "read") return reading.text;
    if (reading.is === "newer") {
      this.#blocked = `${this.#path} has format version ${reading.version}, written by a newer release`;
      this.#log.error({ code: "STATE_NEWER", file: this.#path }, `${this.#blocked}; it is kept as it is, and nothing of it counts`);
    } else if (reading.is === "unreadable") {
      this.#blocked = `${this.#path} could not be read at the start: ${reading.why}`;
      this.#log.error({ code: "STATE_UNUSABLE", file: this.#path }, `${this.#blocked}; it is kept as it is, and nothing of it counts`);
    } else this.setAside(reading.why);
    return undefined;
  }

  /** Resolves once it is safe from a power failure. Rejects with what the disk says; the file is then as it was. */
  async write(text: string): Promise<void> {
    if (this.#blocked !== undefined) throw new Error(this.#blocked);
    const next = `${this.#path}.new`;
    const file = this.#disk.create(next);
    try {
      this.#disk.write(file, encodeState(this.#name, text));
      await this.#disk.sync(file);
    } finally {
      this.#disk.close(file);
    }
    this.#disk.rename(next, this.#path);
  }

  /** What is in it cannot be used: it is kept under another name. */
  setAside(why: string): void {
    try {
      const target = setAside(this.#disk, this.#path, "bad", new Date());
      this.#log.error({ code: "STATE_UNUSABLE", file: target }, `${this.#path} cannot be used: ${why}; it is kept as ${target}`);
    } catch (error) {
      this.#blocked = `${this.#path} cannot be used: ${why}, nor moved away: ${(error as Error).message}`;
      this.#log.error({ code: "STATE_UNUSABLE", file: this.#path }, this.#blocked);
    }
  }

  async #reading(): Promise<StateReading> {
    try {
      const file = await this.#disk.read(this.#path);
      return file === undefined ? { is: "read", text: undefined } : readState(this.#name, file.bytes);
    } catch (error) {
      return { is: "unreadable", why: (error as Error).message };
    }
  }
}

export function encodeState(name: string, text: string): Buffer {
  return Buffer.from(`tributary-${name} ${formatVersion} ${checksum(text)}\n${text}`);
}

export function readState(name: string, bytes: Buffer): StateReading {
  if (bytes.length > largest) return { is: "unusable", why: `it has ${bytes.length} bytes, more than ${largest}` };
  const end = bytes.indexOf("\n");
  const [word, version = "", sum] = bytes.subarray(0, Math.max(end, 0)).toString().split(" ");
  if (word !== `tributary-${name}` || !/^\d{1,9}$/.test(version)) return { is: "unusable", why: "its first line is not ours" };
  if (Number(version) > formatVersion) return { is: "newer", version: Number(version) };
  const text = bytes.subarray(end + 1).toString();
  return Number(version) === formatVersion && sum === checksum(text) ? { is: "read", text } : { is: "unusable", why: "it is damaged" };
}
