/**
 * The file that holds encoded resources, beside the journals of which they were made:
 *
 *     tributary-resources 1 <digest of the settings that shape them> 89abcdef⏎
 *     frames of resources …
 *
 * Nothing in it is more than a saving of time: whatever is wrong with it, it counts as not there, and is written anew.
 */
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Logger } from "../../log/logger.ts";
import type { Disk } from "../disk.ts";
import { readFrames } from "../journal-frames.ts";
import { quietly } from "../journal-rewrite.ts";
import type { Pause } from "../slices.ts";
import { decodeResources, encodeResources, type KeptResource } from "./resource-records.ts";

const formatVersion = 1;
/** Bytes of resources in one frame; making and writing that takes about a millisecond. */
const frameBytes = 64 * 1024;

export class ResourceFile {
  readonly #path: string;
  readonly #disk: Disk;
  readonly #log: Logger;
  #failed = false;

  constructor(folder: string, disk: Disk, log: Logger) {
    this.#path = join(folder, "resources");
    this.#disk = disk;
    this.#log = log;
  }

  /** By name, if the file was written under the same settings. Never rejects. */
  async read(settings: string): Promise<Map<string, KeptResource>> {
    const resources = new Map<string, KeptResource>();
    try {
      const file = await this.#disk.read(this.#path);
      const header = encodeHeader(settings);
      if (!file?.bytes.subarray(0, header.length).equals(header)) return resources;
      for (const frame of readFrames(file.bytes, header.length)) {
        for (const resource of decodeResources(file.bytes, ...frame)) resources.set(resource.name, resource);
      }
    } catch (error) {
      this.#log.warn({ file: this.#path, err: error }, "resources kept by an earlier process cannot be read: they are encoded anew");
    }
    return resources;
  }

  /** Writes the file anew, with a pause after each frame; the old one stays until it is whole, also where this ends early. Whether it was written; never throws. */
  *write(settings: string, resources: Iterable<KeptResource>): Generator<Pause, boolean> {
    const next = `${this.#path}.new`;
    let file: number | undefined;
    let isWhole = false;
    try {
      file = this.#disk.create(next);
      this.#disk.write(file, encodeHeader(settings));
      for (const frame of inFrames(resources)) {
        this.#disk.write(file, encodeResources(frame));
        yield "may go on";
      }
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
  return Buffer.from(`${line}${crc32(line).toString(16).padStart(8, "0")}\n`);
}

function* inFrames(resources: Iterable<KeptResource>): Generator<KeptResource[]> {
  let frame: KeptResource[] = [];
  let bytes = 0;
  for (const resource of resources) {
    frame.push(resource);
    bytes += resource.framed.length;
    if (bytes < frameBytes) continue;
    yield frame;
    frame = [];
    bytes = 0;
  }
  if (frame.length > 0) yield frame;
}
