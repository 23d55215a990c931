/** Framed resources that several streams are about to need: each is framed once per change, not once per client. */
import type { Entry, TypeKey } from "../../snapshot/snapshot.ts";
import type { ResourceForm } from "../type-url.ts";
import { frameOf } from "./framing.ts";

interface Framed {
  readonly version: string;
  readonly frame: Buffer;
}

/** Bytes of frames that are kept, oldest out first; one that is larger is framed every time. */
const defaultMaxBytes = 4 * 1024 * 1024;

export class FrameCache {
  readonly #maxBytes: number;
  readonly #frames = new Map<string, Framed>();
  #bytes = 0;
  /** Resources framed so far. */
  framed = 0;

  constructor(maxBytes = defaultMaxBytes) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes kept. */
  get bytes(): number {
    return this.#bytes;
  }

  frame(type: TypeKey, form: ResourceForm, entry: Entry): Buffer {
    const key = `${type} ${form} ${entry.name}`;
    const known = this.#frames.get(key);
    if (known?.version === entry.version) return known.frame;
    if (known) this.#drop(key, known);
    const frame = frameOf(type, form, entry);
    this.framed += 1;
    if (frame.length > this.#maxBytes) return frame;
    this.#frames.set(key, { version: entry.version, frame });
    this.#bytes += frame.length;
    for (const [oldest, kept] of this.#frames) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#drop(oldest, kept);
    }
    return frame;
  }

  #drop(key: string, { frame }: Framed): void {
    this.#frames.delete(key);
    this.#bytes -= frame.length;
  }
}
