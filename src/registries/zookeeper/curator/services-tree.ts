/**
 * Follows a services tree of Curator through one client: `/services/<name>/<instance>`, where a name may hold slashes
 * and so be a folder in a folder. Folders are container nodes: the server removes them some time after their last
 * child, in the end the root itself, and their writers create them again. Watches are triggers, reads are truth.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Emitter } from "../../contract.ts";
import { forEachLimited, TaskPool } from "../../task-pool.ts";
import type { Client } from "../connection/client.ts";
import { readableNames } from "../readable-names.ts";
import { type Instances, ServiceFolder, type ServiceFolderContext, settleMs } from "./service-folder.ts";

/** A root that vanished with instances in it is read again after this time. */
const rootSettleMs = 1_000;
/** Services whose names have more parts than this are not followed. */
const maxDepth = 8;

export interface ServicesTreeContext {
  readonly client: Client;
  /** Path of the tree's root: `/services`. */
  readonly root: string;
  /** Requests on their way at a time. */
  readonly maxInFlight: number;
  /**
   * What was told last, by the services' names. The tree keeps it up to date, and it outlives the tree: the next
   * session has to know what it takes away. Of a service that an earlier worker told it holds no instances.
   */
  readonly known: Map<string, Instances>;
  readonly emit: Pick<Emitter, "problem" | "suspicious">;
  /** The instances in a service's folder, perhaps the same as before. Folders that never held any are not told. */
  readonly told: (name: string, instances: Instances) => void;
  /** The folder of a service that was told does not exist any more. */
  readonly gone: (name: string) => void;
  /** The root vanished: everything is to be listed anew. */
  readonly vanished: () => void;
  /** A reading that a watch called for failed: the session is in doubt. */
  readonly failed: (error: unknown) => void;
}

export class ServicesTree {
  readonly #context: ServicesTreeContext;
  readonly #prefix: string;
  readonly #folderContext: ServiceFolderContext;
  /** The folders that this session has read, by name. */
  #folders = new Map<string, ServiceFolder>();
  /** During a listing, those it has not come to yet. */
  #earlier = new Map<string, ServiceFolder>();
  /** The root is being read, and must not be read at the same time for another reason. */
  #rootBusy = false;
  #rootDue = false;
  #stopped = false;

  constructor(context: ServicesTreeContext) {
    this.#context = context;
    this.#prefix = context.root === "/" ? "/" : `${context.root}/`;
    const pool = new TaskPool(context.maxInFlight);
    this.#folderContext = {
      client: context.client,
      maxInFlight: context.maxInFlight,
      limited: (request) => new Promise((resolve, reject) => pool.run(() => request().then(resolve, reject))),
      told: (name) => context.known.get(name),
      tell: (name, instances) => this.#tell(name, instances),
      report: (problem) => context.emit.problem(problem),
    };
  }

  /**
   * Reads the whole tree, and tells all of it. When it resolves, `known` holds what there is. One call at a time.
   * @returns whether there is a root
   */
  async list(): Promise<boolean> {
    this.#rootBusy = true;
    let names: string[] | undefined;
    try {
      names = await this.#rootOrDoubt();
      this.#earlier = this.#folders;
      this.#folders = new Map();
      await this.#readFolders((names ?? []).map((name) => this.#follow(name)));
      this.#earlier = new Map();
      for (const name of [...this.#context.known.keys()]) if (!this.#folders.has(name)) this.#forget(name);
    } finally {
      this.#rootBusy = false;
    }
    if (this.#rootDue) this.#rootChanged();
    return names !== undefined;
  }

  /** Whether there is no folder at all. */
  get isEmpty(): boolean {
    return this.#folders.size === 0;
  }

  /** Whether there is a folder of this name, perhaps an empty one. */
  has(name: string): boolean {
    return this.#isFollowed(name);
  }

  /** A watch fired. @returns whether the path is one of this tree */
  changed(path: string): boolean {
    if (path === this.#context.root) {
      this.#rootChanged();
      return true;
    }
    if (!path.startsWith(this.#prefix)) return false;
    const name = path.slice(this.#prefix.length);
    const folder = this.#folders.get(name);
    if (folder) this.#attempt(folder.readNames().then(() => this.#readBelow([folder])));
    // A one-shot watch does not say whether it was about the node's children or about its content.
    const slash = name.lastIndexOf("/");
    const parent = slash < 0 ? undefined : this.#folders.get(name.slice(0, slash));
    if (parent) this.#attempt(parent.readChild(name.slice(slash + 1)).then(() => this.#readBelow([parent])));
    return true;
  }

  /** The session is over: nothing is told from here on. */
  stop(): void {
    this.#stopped = true;
  }

  /** The services' outermost folders. A root that vanished with instances in it is doubted first. */
  async #rootOrDoubt(): Promise<string[] | undefined> {
    const { client, root, known, emit } = this.#context;
    // Before the first reading, so that nothing is missed between the two.
    await client.watchTree(root);
    this.#rootDue = false;
    let names = await this.#rootNames();
    if (names === undefined && [...known.values()].some(({ size }) => size > 0)) {
      emit.suspicious(`${root} was there and is gone`);
      await delay(rootSettleMs);
      names = await this.#rootNames();
    }
    return names;
  }

  #rootNames(): Promise<string[] | undefined> {
    const { client, root, emit } = this.#context;
    return client.follow(root, (names) => readableNames(names, root, (problem) => emit.problem(problem)));
  }

  #rootChanged(): void {
    this.#rootDue = true;
    if (!this.#rootBusy) this.#attempt(this.#readRoot());
  }

  async #readRoot(): Promise<void> {
    this.#rootBusy = true;
    try {
      while (this.#rootDue && !this.#stopped) {
        this.#rootDue = false;
        let names = await this.#rootNames();
        if (names !== undefined && this.#missing(names).length > 0) {
          await delay(settleMs);
          names = await this.#rootNames();
        }
        if (names === undefined) {
          if (this.#folders.size > 0) this.#context.vanished();
          return;
        }
        for (const name of this.#missing(names)) this.#forget(name);
        await this.#readFolders(names.filter((name) => !this.#isFollowed(name)).map((name) => this.#follow(name)));
      }
    } finally {
      this.#rootBusy = false;
    }
  }

  /** Outermost folders that are not among these. */
  #missing(names: readonly string[]): string[] {
    const present = new Set(names);
    return [...this.#folders.keys()].filter((name) => !name.includes("/") && !present.has(name));
  }

  /** A folder that was not there when it was read left no watch: whoever finds its name again has to read it. */
  #isFollowed(name: string): boolean {
    return this.#folders.get(name)?.present === true;
  }

  #follow(name: string): ServiceFolder {
    const folder = this.#folders.get(name) ?? this.#earlier.get(name) ?? new ServiceFolder(name, this.#prefix + name, this.#folderContext);
    this.#folders.set(name, folder);
    return folder;
  }

  /** Reads folders whole, and what lies in them. */
  async #readFolders(folders: readonly ServiceFolder[]): Promise<void> {
    if (folders.length === 0) return;
    await forEachLimited(folders, this.#context.maxInFlight, (folder) => folder.readAll());
    await this.#readBelow(folders);
  }

  /** Reads the folders in folders that are not followed yet, and forgets those that are gone. */
  async #readBelow(folders: readonly ServiceFolder[]): Promise<void> {
    const found: ServiceFolder[] = [];
    for (const folder of folders) {
      for (const child of folder.takeVanished()) this.#forget(`${folder.name}/${child}`);
      for (const child of folder.folders) {
        const name = `${folder.name}/${child}`;
        if (this.#isFollowed(name)) continue;
        if (name.split("/").length <= maxDepth) found.push(this.#follow(name));
        else {
          this.#context.emit.problem({
            code: "nested-too-deep",
            where: this.#prefix + name,
            message: `more than ${maxDepth} folders below ${this.#context.root}`,
          });
        }
      }
    }
    await this.#readFolders(found);
  }

  #tell(name: string, instances: Instances): void {
    const { known, told } = this.#context;
    if (this.#stopped || (instances.size === 0 && !known.has(name))) return;
    known.set(name, instances);
    told(name, instances);
  }

  /** A folder is gone, and with it what was in it. */
  #forget(gone: string): void {
    if (this.#stopped) return;
    for (const name of this.#folders.keys()) if (name.startsWith(`${gone}/`)) this.#forgetOne(name);
    this.#forgetOne(gone);
  }

  #forgetOne(name: string): void {
    this.#folders.delete(name);
    if (this.#context.known.delete(name)) this.#context.gone(name);
  }

  #attempt(work: Promise<void>): void {
    work.catch((error) => {
      if (!this.#stopped) this.#context.failed(error);
    });
  }
}
