export type Place =
  | { readonly what: "root" | "config-center" }
  | { readonly what: "providers" | "consumers" | "configurators"; readonly directory: string }
  | { readonly what: "rule"; readonly node: string };

const configCenter = "config/dubbo";

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

  configurators(directory: string): string {
    return `${this.#prefix}${directory}/configurators`;
  }

  /** Where the config centre keeps its rules: group `dubbo` of the namespace that the registry's group gives. */
  get configCenter(): string {
    return `${this.#prefix}${configCenter}`;
  }

  rule(node: string): string {
    return `${this.configCenter}/${node}`;
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
  place(path: string): Place | undefined {
    if (path === this.root) return { what: "root" };
    if (!path.startsWith(this.#prefix)) return undefined;
    const [directory, what, ...rest] = path.slice(this.#prefix.length).split("/");
    if (directory === "config") return what === "dubbo" ? configPlace(rest) : undefined;
    if (!directory || rest.length > 0 || (what !== "providers" && what !== "consumers" && what !== "configurators")) return undefined;
    return { what, directory };
  }
}

function configPlace([node, ...below]: readonly string[]): Place | undefined {
  if (node === undefined) return { what: "config-center" };
  return below.length === 0 ? { what: "rule", node } : undefined;
}

/** Children of the root that are no interfaces: config centre, metadata reports, name mapping. */
export const notInterfaces: ReadonlySet<string> = new Set(["config", "metadata", "mapping"]);
