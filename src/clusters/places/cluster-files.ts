/** Reads the files that clusters come from, all of them at once, each within bounds. */
import { readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readBoundedFile } from "../../config/files/bounded-file.ts";
import type { ProblemCode } from "../../errors/problem-codes.ts";
import type { KubeconfigAllowance } from "../kubeconfig/allowance.ts";
import { type ReadKubeconfig, readKubeconfig } from "../kubeconfig/read-kubeconfig.ts";
import { type ClusterOffer, isClusterId } from "../offer.ts";
import { podAccess, podFiles } from "./pod-access.ts";

/** What the session needs to know; made from the configuration. Paths are absolute. */
export interface FilePlaces {
  readonly named: readonly NamedCluster[];
  readonly folder?: string | undefined;
  /** Id of the cluster that the process runs in, if it counts. */
  readonly inCluster?: string | undefined;
  readonly allow: readonly KubeconfigAllowance[];
}

export interface NamedCluster {
  readonly id: string;
  /** Of its kubeconfig; undefined: its `text` is known instead. */
  readonly path: string | undefined;
  readonly text?: string | undefined;
  readonly context?: string | undefined;
}

export interface FilesReading {
  readonly offers: readonly ClusterOffer[];
  readonly problems: readonly { readonly code: ProblemCode; readonly where: string; readonly message: string }[];
  /** Why the offers may be fewer than there are. */
  readonly unreadable: string | undefined;
}

/** As much as a Secret can hold. */
const maxKubeconfigBytes = 1024 * 1024;
/** Files of the folder that are read; more is a mistake. */
const mostFiles = 1_000;

export class ClusterFiles {
  readonly #places: FilePlaces;
  /** Clusters of the folder's files when they could be read last, by path. */
  readonly #ids = new Map<string, string>();

  constructor(places: FilePlaces) {
    this.#places = places;
  }

  /** Everything whose change matters. */
  paths(): readonly string[] {
    const { named, folder, inCluster } = this.#places;
    const pod = inCluster === undefined ? [] : podFiles;
    const inFolder = folder === undefined ? [] : [folder, ...namesIn(folder).map((name) => join(folder, name))];
    return [...named.flatMap(({ path }) => path ?? []), ...pod, ...inFolder];
  }

  read(): FilesReading {
    const { named, folder, inCluster } = this.#places;
    const offers: ClusterOffer[] = named.map((cluster) => this.#named(cluster));
    if (inCluster !== undefined) offers.push(podAccess(inCluster));
    const problems: FilesReading["problems"][number][] = [];
    let unreadable: string | undefined;
    if (folder !== undefined) {
      try {
        const names = listed(folder);
        for (const path of this.#ids.keys()) if (!names.some((name) => join(folder, name) === path)) this.#ids.delete(path);
        for (const name of names) offers.push(...this.#inFolder(join(folder, name), problems));
      } catch (error) {
        unreadable = `the folder of kubeconfigs ${folder} cannot be read: ${(error as Error).message}`;
      }
    }
    for (const { id, owner, refused } of offers) {
      if (refused !== undefined) problems.push({ code: "bad-kubeconfig", where: `cluster ${id}, ${owner}`, message: refused });
    }
    return { offers, problems, unreadable };
  }

  #named({ id, path, text = "", context }: NamedCluster): ClusterOffer {
    const owner = path === undefined ? "the admin API" : `file ${path}`;
    const { allow } = this.#places;
    const read = path === undefined ? readKubeconfig(text, { context, allow }) : this.#kubeconfig(path, context);
    return { id, owner, ...(read.access ? { access: read.access } : { refused: read.refused }) };
  }

  /** One that is broken now goes on standing for the cluster it stood for. */
  #inFolder(path: string, problems: FilesReading["problems"][number][]): ClusterOffer[] {
    const owner = `file ${path}`;
    const read = this.#kubeconfig(path, undefined);
    const id = read.cluster ?? this.#ids.get(path);
    if (id === undefined || !isClusterId(id)) {
      const message =
        read.refused ?? `its cluster is called ${JSON.stringify(id)}, which is no id: letters, digits, -, _ and ., at most 63`;
      problems.push({ code: "bad-kubeconfig", where: owner, message });
      return [];
    }
    this.#ids.set(path, id);
    return [{ id, owner, ...(read.access ? { access: read.access } : { refused: read.refused }) }];
  }

  #kubeconfig(path: string, context: string | undefined): ReadKubeconfig {
    try {
      return readKubeconfig(readBoundedFile(path, maxKubeconfigBytes), {
        context,
        allow: this.#places.allow,
        // Relative ones count from the kubeconfig's folder, as everywhere.
        readFile: (named) => readBoundedFile(resolve(dirname(path), named), maxKubeconfigBytes),
      });
    } catch (error) {
      return { refused: `it cannot be read: ${(error as Error).message}` };
    }
  }
}

/** Hidden ones are the workings of a mounted Secret. @throws Error */
function listed(folder: string): readonly string[] {
  const names = readdirSync(folder).filter((name) => !name.startsWith("."));
  if (names.length > mostFiles) throw new Error(`it holds more than ${mostFiles} files`);
  return names.sort();
}

function namesIn(folder: string): readonly string[] {
  try {
    return listed(folder);
  } catch {
    // Reading it will say so.
    return [];
  }
}
