/** Finds the namespaces that are named in the settings, and looks again for those that come and go. */
import type { Problem } from "../../contract.ts";
import type { Credentials } from "../access/credentials.ts";
import { listNamespaces, type Namespace } from "../access/namespaces.ts";
import { RequestRefused } from "../naming-source.ts";
import type { NacosSettings } from "../settings.ts";
import { all } from "./wanted-services.ts";

/** What servers accept as an id; anything else can only be a show name. */
const isId = (text: string): boolean => /^[\w-]{1,128}$/.test(text);

export class KnownNamespaces {
  readonly #named: readonly string[];
  readonly #settings: NacosSettings;
  readonly #credentials: Credentials;
  readonly #report: (problem: Problem) => void;

  /** @param named ids or show names; `*`: all */
  constructor(named: readonly string[], settings: NacosSettings, credentials: Credentials, report: (problem: Problem) => void) {
    this.#named = named;
    this.#settings = settings;
    this.#credentials = credentials;
    this.#report = report;
  }

  /** What is named is not all by ids that everybody knows, so servers have to be asked. */
  get mustAsk(): boolean {
    return this.#named.some((text) => text !== "public");
  }

  /**
   * @returns those that are to be read now
   * @throws RequestRefused, Error if it cannot be told which
   */
  async find(): Promise<readonly Namespace[]> {
    const existing = this.mustAsk ? await this.#list() : [];
    if (existing && this.#named.includes(all)) return existing;
    const found = new Map<string, Namespace>();
    for (const text of this.#named) {
      const namespace = this.#resolve(text, existing);
      if (namespace) found.set(namespace.id, namespace);
    }
    return [...found.values()];
  }

  #resolve(text: string, existing: readonly Namespace[] | undefined): Namespace | undefined {
    if (text === "public") return { id: text, name: text };
    const namespace = existing?.find(({ id }) => id === text) ?? existing?.find(({ name }) => name === text);
    if (namespace) return namespace;
    if (existing) {
      this.#report({ code: "unknown-namespace", where: text, message: "the server knows no namespace of this id or name" });
    }
    // Services can be registered under an id that nobody ever created.
    return isId(text) ? { id: text, name: text } : undefined;
  }

  /** Undefined if no server tells and it can be done without. */
  async #list(): Promise<readonly Namespace[] | undefined> {
    try {
      return await listNamespaces(this.#settings, this.#credentials);
    } catch (error) {
      if (error instanceof RequestRefused && this.#named.every((text) => text !== all && isId(text))) {
        this.#report({ code: "namespaces-not-listed", where: "namespaces", message: `they are taken as ids: ${error.message}` });
        return undefined;
      }
      throw error;
    }
  }
}
