/**
 * Follows one folder of a services tree: its children and the content of each. What takes instances away is read
 * twice before it is told.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Problem } from "../../contract.ts";
import { forEachLimited } from "../../task-pool.ts";
import { type Client, RequestFailed } from "../connection/client.ts";
import { noAuth } from "../connection/protocol/error-name.ts";
import { readableNames } from "../readable-names.ts";
import { type CuratorInstance, isInstance, parseInstance } from "./instance.ts";

/** The instances of one service, by the names of their nodes. */
export type Instances = ReadonlyMap<string, CuratorInstance>;

/**
 * An instance that registers anew deletes its node and creates another within some 10 ms (observed 2 ms). So what takes
 * instances away is read again after this time before it is told.
 */
export const settleMs = 15;

/** What a child is, as last read: an instance, a folder, or neither. */
type Child = CuratorInstance | "folder" | "neither";

export interface ServiceFolderContext {
  readonly client: Client;
  readonly maxInFlight: number;
  /** Runs a request as soon as there are few enough on their way. */
  readonly limited: <T>(request: () => Promise<T>) => Promise<T>;
  /** What was told last of a service, also in earlier sessions; undefined if nothing was. */
  readonly told: (name: string) => Instances | undefined;
  readonly tell: (name: string, instances: Instances) => void;
  readonly report: (problem: Problem) => void;
}

export class ServiceFolder {
  /** Path below the root, which is the service's name: `pay`, `team-a/pay`. */
  readonly name: string;
  readonly path: string;
  readonly #context: ServiceFolderContext;
  #children: ReadonlyMap<string, Child> = new Map();
  #vanished = new Set<string>();
  #present = true;
  #dueAll = false;
  #dueNames = false;
  #due = new Set<string>();
  #reading: Promise<void> | undefined;

  constructor(name: string, path: string, context: ServiceFolderContext) {
    this.name = name;
    this.path = path;
    this.#context = context;
  }

  /** Whether it existed when it was last read. */
  get present(): boolean {
    return this.#present;
  }

  /** Children that are folders themselves. */
  get folders(): string[] {
    return [...this.#children].filter(([, child]) => child === "folder").map(([name]) => name);
  }

  /** The folders in it that went since this was asked last. */
  takeVanished(): string[] {
    const vanished = [...this.#vanished];
    this.#vanished.clear();
    return vanished;
  }

  /** Reads every child anew. A call during another reading lets that one read again. */
  readAll(): Promise<void> {
    this.#dueAll = true;
    return this.#read();
  }

  /** Reads which children there are, and those that are new. */
  readNames(): Promise<void> {
    this.#dueNames = true;
    return this.#read();
  }

  /** Reads the content of one child. */
  readChild(name: string): Promise<void> {
    this.#due.add(name);
    return this.#read();
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readUntilQuiet().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readUntilQuiet(): Promise<void> {
    // What one event says of the folder and of a child in it is read in one go.
    await undefined;
    while (this.#dueAll || this.#dueNames || this.#due.size > 0) {
      await this.#readOnce();
      const lost = this.#lost();
      if (lost.length > 0 || this.#vanished.size > 0 || !this.#present) {
        if (this.#present) this.#tell(lost);
        await delay(settleMs);
        this.#dueNames = true;
        for (const [name] of lost) this.#due.add(name);
        await this.#readOnce();
      }
      if (this.#present) this.#tell([]);
    }
  }

  async #readOnce(): Promise<void> {
    const all = this.#dueAll;
    const namesToo = all || this.#dueNames;
    const due = this.#due;
    this.#dueAll = false;
    this.#dueNames = false;
    this.#due = new Set();
    const before = this.#children;
    const names = namesToo ? await this.#names() : [...before.keys()];
    this.#present = names !== undefined;
    const children = new Map<string, Child>();
    for (const name of names ?? []) children.set(name, before.get(name) ?? "neither");
    const toRead = [...children.keys()].filter((name) => all || due.has(name) || !before.has(name));
    await forEachLimited(toRead, this.#context.maxInFlight, async (name) => {
      children.set(name, await this.#content(name));
    });
    for (const [name, child] of before) if (child === "folder" && children.get(name) !== "folder") this.#vanished.add(name);
    for (const name of this.#vanished) if (children.get(name) === "folder") this.#vanished.delete(name);
    this.#children = children;
  }

  /** The children's names, none if they may not be read; undefined if there is no such folder. */
  async #names(): Promise<string[] | undefined> {
    const { client, limited, told, report } = this.#context;
    try {
      return await limited(() => client.children(this.path, (names) => readableNames(names, this.path, report)));
    } catch (error) {
      this.#forbidden(error, this.path, told(this.name) !== undefined);
      return [];
    }
  }

  async #content(name: string): Promise<Child> {
    const { client, limited, told, report } = this.#context;
    const path = `${this.path}/${name}`;
    try {
      const parsed = await limited(() => client.data(path, parseInstance));
      // Gone meanwhile: the next reading of the names, whose watch has fired, tells.
      if (parsed === undefined) return "neither";
      if (isInstance(parsed)) return parsed;
      if (parsed.problem === undefined) return "folder";
      report({ ...parsed.problem, where: path });
    } catch (error) {
      this.#forbidden(error, path, told(this.name)?.has(name) === true);
    }
    return "neither";
  }

  /** Nothing can be lost by leaving out what was never read; everything else that cannot be read is a failure. */
  #forbidden(error: unknown, where: string, known: boolean): void {
    if (known || !(error instanceof RequestFailed) || error.code !== noAuth) throw error;
    this.#context.report({ code: "no-permission", where, message: error.message });
  }

  /** What was told last and is not there any more. */
  #lost(): [string, CuratorInstance][] {
    const told = this.#context.told(this.name);
    return told === undefined ? [] : [...told].filter(([name]) => !isRead(this.#children.get(name)));
  }

  /** Tells the instances as they were read, and for now also those that are in doubt. */
  #tell(doubted: readonly (readonly [string, CuratorInstance])[]): void {
    const instances = new Map(doubted);
    for (const [name, child] of this.#children) if (isRead(child)) instances.set(name, child);
    this.#context.tell(this.name, instances);
  }
}

function isRead(child: Child | undefined): child is CuratorInstance {
  return typeof child === "object";
}
