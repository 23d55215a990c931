import { parseKeyText } from "../../service.ts";
import type { Instances } from "../curator/service-folder.ts";

const servicePrefix = "service/";
/** Names come and go; so many of the services without instances are remembered, the latest. */
const maxEmpty = 1_000;

/**
 * What is remembered of a services tree over all sessions of one worker, and of what earlier workers told. A service
 * that lost its instances stays known, also when its folder is gone: the server removes empty ones by itself.
 */
export class KnownServices {
  /** What the tree told last. */
  readonly instances = new Map<string, Instances>();
  /** Services with instances of ours. */
  readonly #living = new Set<string>();
  /** Services that had some, the latest last. */
  readonly #empty = new Set<string>();

  /** @param inherited ids of items */
  constructor(inherited: readonly string[]) {
    for (const id of inherited) {
      if (!id.startsWith(servicePrefix)) continue;
      const { name } = parseKeyText(id.slice(servicePrefix.length));
      this.instances.set(name, new Map());
      this.#empty.add(name);
    }
  }

  /** Services that are to be told although they have no instances. */
  get empty(): Iterable<string> {
    return this.#empty;
  }

  has(name: string): boolean {
    return this.#living.has(name) || this.#empty.has(name);
  }

  lives(name: string): void {
    this.#empty.delete(name);
    this.#living.add(name);
  }

  /** A service has no instances any more. */
  isEmpty(name: string): void {
    if (this.#living.delete(name)) this.#empty.add(name);
  }

  /** Forgets the oldest empty services beyond the bound. */
  forgetSurplus(): void {
    for (const name of this.#empty) {
      if (this.#empty.size <= maxEmpty) return;
      this.#empty.delete(name);
    }
  }
}
