/**
 * The file that holds encoded resources, beside the journals that hold what they were made of:
 *
 *     tributary-resources 1 <digest of the settings that shape them> 89abcdef⏎
 *     frames of resources …
 *
 * Nothing in it is more than a saving of time: what is wrong in it counts as not there, and it is written anew.
 */
import { join } from "node:path";
import type { Logger } from "../../log/logger.ts";
import { checksum } from "../checksum.ts";
import type { Disk } from "../disk.ts";
import { readFrames } from "../journal-frames.ts";
import { quietly } from "../journal-rewrite.ts";
import type { Pause, Slices } from "../slices.ts";
import { decodeResources, encodeResources, type KeptResource } from "./resource-records.ts";

const formatVersion = 1;
/** Bytes of resources in one frame; making and writing that takes about a millisecond. */
const frameBytes = 64 * 1024;

export class ResourceFile {
  readonly #path: string;
  readonly #disk: Disk;
  readonly #log: Logger;
  readonly #isUsable: () => boolean;
  #failed = false;

  /** `isUsable`: whether the folder is ours. */
  constructor(folder: string, disk: Disk, log: Logger, isUsable: () => boolean = () => true) {
    this.#path = join(folder, "resources");
    this.#disk = disk;
    this.#log = log;
    this.#isUsable = isUsable;
  }

  /** By name, if the file was written under the same settings: all of it, or what is before a damage. Never rejects. */
  async read(settings: string, slices: Slices): Promise<ReadonlyMap<string, KeptResource>> {
    const resources = new Map<string, KeptResource>();
    try {
      const file = this.#isUsable() ? await this.#disk.read(this.#path) : undefined;
      const header = encodeHeader(settings);
      if (file?.bytes.subarray(0, header.length).equals(header)) await slices.run(fill(resources, file.bytes, header.length));
    } catch (error) {
      this.#log.warn({ file: this.#path, err: error }, "resources kept by an earlier process cannot be read: they are encoded anew");
    }
    return resources;
  }

  /** Writes the file anew, with a pause after each resource and wherever there is one among them; the old one stays until it is whole, also where this ends early. Whether it was written; never throws. */
  *write(settings: string, resources: Iterable<KeptResource | Pause>): Generator<Pause, boolean> {
    if (!this.#isUsable()) return false;
    const next = `${this.#path}.new`;
    let file: number | undefined;
    let isWhole = false;
    try {
      file = this.#disk.create(next);
      this.#disk.write(file, encodeHeader(settings));
      let frame: KeptResource[] = [];
      let bytes = 0;
      for (const resource of resources) {
        if (typeof resource === "string") {
          yield resource;
          continue;
        }
        frame.push(resource);
        bytes += resource.framed.length;
        if (bytes >= frameBytes) {
          this.#disk.write(file, encodeResources(frame));
          frame = [];
          bytes = 0;
        }
        yield "may go on";
      }
      if (frame.length > 0) this.#disk.write(file, encodeResources(frame));
      this.#disk.rename(next, this.#path);
      isWhole = true;
      this.#failed = false;
    } catch (error) {
      if (!this.#failed)
        this.#log.warn({ file: this.#path, err: error }, "encoded resources cannot be kept: a restart takes a moment longer");
      this.#failed = true;
    } finally {
      const written = file;
      if (written !== undefined) quietly(() => this.#disk.close(written));
      if (!isWhole) quietly(() => this.#disk.remove(next));
    }
    return isWhole;
  }
}

function encodeHeader(settings: string): Buffer {
  const line = `tributary-resources ${formatVersion} ${settings} `;
  return Buffer.from(`${line}${checksum(line)}\n`);
}

function* fill(resources: Map<string, KeptResource>, file: Buffer, from: number): Generator<Pause, void> {
  for (const frame of readFrames(file, from)) {
    for (const resource of decodeResources(file, ...frame)) resources.set(resource.name, resource);
    yield "may go on";
  }
}
