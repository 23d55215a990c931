/** Where Dubbo keeps what below its root. Directory names are as the server has them, encoded. */
export class DubboPaths {
  readonly root: string;
  readonly #prefix: string;

  constructor(root: string) {
    this.root = root;
    this.#prefix = root === "/" ? "/" : `${root}/`;
  }

  interface(directory: string): string {
    return `${this.#prefix}${directory}`;
  }

  providers(directory: string): string {
    return `${this.#prefix}${directory}/providers`;
  }

  consumers(directory: string): string {
    return `${this.#prefix}${directory}/consumers`;
  }

  /** Where the metadata of a revision of an application may lie: Java puts it below `metadata`, dubbo-go directly below the root. */
  metadata(application: string, revision: string): string[] {
    return [`${this.#prefix}metadata/${application}/${revision}`, `${this.#prefix}${application}/${revision}`];
  }

  /** Parent of the interfaces' names, here as they are, each with the names of the applications that offer it. */
  get mapping(): string {
    return `${this.#prefix}mapping`;
  }

  /** What a watched path is about. */
  place(path: string): { readonly what: "root" } | { readonly what: "providers" | "consumers"; readonly directory: string } | undefined {
    if (path === this.root) return { what: "root" };
    if (!path.startsWith(this.#prefix)) return undefined;
    const [directory, what, ...rest] = path.slice(this.#prefix.length).split("/");
    if (!directory || rest.length > 0 || (what !== "providers" && what !== "consumers")) return undefined;
    return { what, directory };
  }
}

/** Children of the root that are no interfaces: config centre, metadata reports, name mapping. */
export const notInterfaces: ReadonlySet<string> = new Set(["config", "metadata", "mapping"]);
