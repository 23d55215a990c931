/**
 * Follows Dubbo's name mapping: below each interface's name, which applications offer it, in none of its groups and
 * versions in particular. Nodes are persistent; what changes is read behind the rest, and changes are gathered.
 */
import type { Problem } from "../../../contract.ts";
import { isInterfaceName } from "../../../dubbo/node-name.ts";
import { forEachLimited } from "../../../task-pool.ts";
import { type Client, RequestFailed } from "../../connection/client.ts";
import { noAuth } from "../../connection/protocol/error-name.ts";
import type { DubboPaths } from "../paths.ts";

/** Changes are gathered so long, in ms. */
const delayMs = 1_000;
/** Bounds for what others write. */
const maxContent = 64 * 1024;
const maxApplications = 1_000;

export interface NameMappingContext {
  readonly client: Client;
  readonly paths: DubboPaths;
  readonly maxInFlight: number;
  /** Which interfaces the applications offer, after a change. */
  readonly told: (mapping: ReadonlyMap<string, ReadonlySet<string>>) => void;
  readonly report: (problem: Problem) => void;
  readonly failed: (error: unknown) => void;
}

export class NameMapping {
  readonly #context: NameMappingContext;
  /** By interface. */
  #applications = new Map<string, readonly string[]>();
  #due = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(context: NameMappingContext) {
    this.#context = context;
  }

  /** Reads and tells everything. */
  list(): Promise<void> {
    return this.#read(() => true);
  }

  /** A watch fired. @returns whether the path is one of the mapping's */
  changed(path: string): boolean {
    const { mapping } = this.#context.paths;
    if (path !== mapping && !path.startsWith(`${mapping}/`)) return false;
    if (path !== mapping) this.#due.add(path.slice(mapping.length + 1));
    this.#timer ??= setTimeout(() => {
      const due = this.#due;
      this.#timer = undefined;
      this.#due = new Set();
      this.#read((name) => due.has(name)).catch(this.#context.failed);
    }, delayMs);
    return true;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async #read(isDue: (name: string) => boolean): Promise<void> {
    const { client, paths, maxInFlight, told } = this.#context;
    const before = this.#applications;
    const names = await this.#permitted(paths.mapping, async () => (await client.follow(paths.mapping, (all) => all)) ?? []);
    // Whatever was told of it stays.
    if (names === undefined) return;
    const applications = new Map<string, readonly string[]>();
    await forEachLimited(names.filter(isInterfaceName), maxInFlight, async (name) => {
      const known = before.get(name);
      applications.set(name, known === undefined || isDue(name) ? ((await this.applicationsOf(name)) ?? known ?? []) : known);
    });
    this.#applications = applications;
    told(byApplication(applications));
  }

  /** The applications that offer an interface, read anew; undefined if that may not be read. */
  applicationsOf(name: string): Promise<string[] | undefined> {
    const path = `${this.#context.paths.mapping}/${name}`;
    return this.#permitted(path, async () => (await this.#context.client.data(path, readApplications)) ?? []);
  }

  async #permitted<T>(where: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof RequestFailed) || error.code !== noAuth) throw error;
      this.#context.report({ code: "no-permission", where, message: error.message });
      return undefined;
    }
  }
}

/** Names with commas between them. */
export function readApplications(content: Buffer): string[] {
  const names = content.subarray(0, maxContent).toString("utf8").split(",", maxApplications);
  return names.map((name) => name.trim()).filter((name) => name !== "");
}

function byApplication(applications: ReadonlyMap<string, readonly string[]>): Map<string, Set<string>> {
  const interfaces = new Map<string, Set<string>>();
  for (const [name, each] of applications) {
    for (const application of each) {
      const names = interfaces.get(application);
      if (names) names.add(name);
      else interfaces.set(application, new Set([name]));
    }
  }
  return interfaces;
}
