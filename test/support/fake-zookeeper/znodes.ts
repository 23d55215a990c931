import { errorCode } from "./protocol.ts";

export interface Znode {
  data: Buffer;
  readonly children: Set<string>;
  /** Session that the node dies with; 0 for persistent nodes. */
  readonly owner: bigint;
  version: number;
  childVersion: number;
}

/** An operation that the tree refuses, with ZooKeeper's error code. */
export class Refused extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`refused with ${code}`);
    this.code = code;
  }
}

export interface TreeListener {
  created(path: string): void;
  deleted(path: string): void;
  dataChanged(path: string): void;
  childrenChanged(path: string): void;
}

/** The tree of a fake server; tells its listener what one-shot watches are about. */
export class Znodes {
  readonly #nodes = new Map<string, Znode>([["/", newNode(Buffer.alloc(0), 0n)]]);
  readonly #listener: TreeListener;

  constructor(listener: TreeListener) {
    this.#listener = listener;
  }

  get(path: string): Znode {
    const node = this.#nodes.get(path);
    if (!node) throw new Refused(errorCode.noNode);
    return node;
  }

  has(path: string): boolean {
    return this.#nodes.has(path);
  }

  create(path: string, data: Buffer = Buffer.alloc(0), owner = 0n): void {
    if (this.#nodes.has(path)) throw new Refused(errorCode.nodeExists);
    const [parentPath, name] = split(path);
    const parent = this.get(parentPath);
    parent.children.add(name);
    parent.childVersion++;
    this.#nodes.set(path, newNode(data, owner));
    this.#listener.created(path);
    this.#listener.childrenChanged(parentPath);
  }

  /** Creates a persistent node and whatever of its parents is missing. */
  ensure(path: string): void {
    if (path === "/" || this.#nodes.has(path)) return;
    this.ensure(split(path)[0]);
    this.create(path);
  }

  delete(path: string): void {
    if (this.get(path).children.size > 0) throw new Refused(errorCode.notEmpty);
    const [parentPath, name] = split(path);
    const parent = this.get(parentPath);
    parent.children.delete(name);
    parent.childVersion++;
    this.#nodes.delete(path);
    this.#listener.deleted(path);
    this.#listener.childrenChanged(parentPath);
  }

  /** Deletes a node with everything below it. */
  deleteTree(path: string): void {
    for (const name of [...this.get(path).children]) this.deleteTree(path === "/" ? `/${name}` : `${path}/${name}`);
    if (path !== "/") this.delete(path);
  }

  setData(path: string, data: Buffer): void {
    const node = this.get(path);
    node.data = data;
    node.version++;
    this.#listener.dataChanged(path);
  }

  ownedBy(session: bigint): string[] {
    return [...this.#nodes].filter(([, { owner }]) => owner === session).map(([path]) => path);
  }
}

function newNode(data: Buffer, owner: bigint): Znode {
  return { data, children: new Set(), owner, version: 0, childVersion: 0 };
}

function split(path: string): [parent: string, name: string] {
  const slash = path.lastIndexOf("/");
  return [slash === 0 ? "/" : path.slice(0, slash), path.slice(slash + 1)];
}
