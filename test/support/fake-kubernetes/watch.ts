/** One open watch of a fake API server. */
import type { ServerResponse } from "node:http";
import type { Change, FakeObject, Objects } from "./objects.ts";

export interface WatchOptions {
  readonly resource: string;
  readonly selects: (object: FakeObject) => boolean;
  readonly version: number;
  readonly timeoutMs: number;
  readonly bookmarks: boolean;
  /** What of an object is told. */
  readonly shown: (object: FakeObject) => unknown;
  /** Nothing is said while this holds. */
  readonly isMute: () => boolean;
}

export class Watch {
  readonly #response: ServerResponse;
  readonly #options: WatchOptions;
  readonly #ended: () => void;
  #version: number;

  constructor(response: ServerResponse, objects: Objects, options: WatchOptions) {
    this.#response = response;
    this.#options = options;
    this.#version = options.version;
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    const past = objects.since(options.version);
    if (past === undefined) {
      this.#ended = () => {};
      const message = `too old resource version: ${options.version} (${objects.compacted})`;
      this.#write({ type: "ERROR", object: { kind: "Status", status: "Failure", reason: "Expired", code: 410, message } });
      response.end();
      return;
    }
    for (const change of past) this.#tell(change);
    const unsubscribe = objects.onChange((change) => this.#tell(change));
    const timer = setTimeout(() => {
      if (options.isMute()) return;
      this.bookmark(objects.version);
      response.end();
    }, options.timeoutMs);
    this.#ended = () => {
      unsubscribe();
      clearTimeout(timer);
    };
    response.once("close", this.#ended);
  }

  /** As a server says from time to time; nothing to whoever is ahead of it. */
  bookmark(version: number): void {
    if (!this.#options.bookmarks || version < this.#version) return;
    this.#version = version;
    this.#write({ type: "BOOKMARK", object: { metadata: { resourceVersion: String(version) } } });
  }

  /** Breaks the connection. */
  cut(): void {
    this.#response.destroy();
  }

  /** What is no event. */
  garbage(): void {
    this.#response.write('{"type":\n');
  }

  #tell({ version, type, resource, object, before }: Change): void {
    const { selects, shown, isMute } = this.#options;
    // A server never tells what lies before the version that it was asked for.
    if (resource !== this.#options.resource || isMute() || version <= this.#version) return;
    this.#version = version;
    const [was, is] = [before !== undefined && selects(before), type !== "DELETED" && selects(object)];
    if (is) this.#write({ type: was ? "MODIFIED" : "ADDED", object: shown(object) });
    else if (was) {
      // Of what does not match any more, the state before is told.
      const last = { ...before!, metadata: { ...before!.metadata, resourceVersion: String(version) } };
      this.#write({ type: "DELETED", object: shown(last) });
    }
  }

  #write(event: unknown): void {
    this.#response.write(`${JSON.stringify(event)}\n`);
  }
}
