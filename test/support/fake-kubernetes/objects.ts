/** The objects of a fake API server, as its etcd keeps them: every change has a version, and the latest are remembered. */

export interface FakeObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    resourceVersion?: string;
    uid?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
  };
  [field: string]: unknown;
}

export interface Change {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly resource: string;
  readonly object: FakeObject;
  /** What was there before. */
  readonly before: FakeObject | undefined;
}

export class Objects {
  readonly #byResource = new Map<string, Map<string, FakeObject>>();
  readonly #listeners = new Set<(change: Change) => void>();
  #history: Change[] = [];
  #version = 1;
  /** Versions before this one are forgotten. */
  #compacted = 0;
  #uids = 0;

  get version(): number {
    return this.#version;
  }

  get compacted(): number {
    return this.#compacted;
  }

  get(resource: string, key: string): FakeObject | undefined {
    return this.#byResource.get(resource)?.get(key);
  }

  list(resource: string): FakeObject[] {
    return [...(this.#byResource.get(resource)?.values() ?? [])];
  }

  /** New, or in place of what was there. */
  put(resource: string, object: Omit<FakeObject, "metadata"> & { metadata: FakeObject["metadata"] }): FakeObject {
    const key = keyOf(object as FakeObject);
    const before = this.get(resource, key);
    const stored = structuredClone(object) as FakeObject;
    this.#version++;
    stored.metadata.resourceVersion = String(this.#version);
    stored.metadata.uid = before?.metadata.uid ?? `uid-${++this.#uids}`;
    let objects = this.#byResource.get(resource);
    if (!objects) {
      objects = new Map();
      this.#byResource.set(resource, objects);
    }
    objects.set(key, stored);
    this.#tell({ version: this.#version, type: before ? "MODIFIED" : "ADDED", resource, object: stored, before });
    return stored;
  }

  /** False: there was none. */
  remove(resource: string, key: string): boolean {
    const before = this.get(resource, key);
    if (!before) return false;
    this.#byResource.get(resource)?.delete(key);
    this.#version++;
    const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(this.#version) } };
    this.#tell({ version: this.#version, type: "DELETED", resource, object, before });
    return true;
  }

  /** What happened after a version; undefined: it is not remembered any more. */
  since(version: number): readonly Change[] | undefined {
    return version < this.#compacted ? undefined : this.#history.filter((change) => change.version > version);
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets what happened before now. */
  compact(): void {
    this.#history = [];
    this.#compacted = this.#version;
  }

  /** As an etcd that was restored: the same objects, with versions that begin anew. */
  restore(): void {
    this.#history = [];
    this.#compacted = 0;
    this.#version = 1;
    for (const objects of this.#byResource.values()) {
      for (const object of objects.values()) object.metadata.resourceVersion = String(++this.#version);
    }
  }

  #tell(change: Change): void {
    this.#history.push(change);
    for (const listener of [...this.#listeners]) listener(change);
  }
}

/** `namespace/name`, or the name alone. */
export function keyOf({ metadata: { namespace, name } }: FakeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
