/** What an operator added to a running process, beside its configuration file. */

export interface Addition {
  /** The registry's or the cluster's. */
  readonly id: string;
  /** The entry of `registries` or `clusters.list`, as it is written: references are not resolved in it. */
  readonly written: object;
  /** Of a cluster: the text of its kubeconfig, if it was given so instead of by path. */
  readonly kubeconfig?: string;
  /** Who gave it last, and when (epoch ms). */
  readonly by: string;
  readonly at: number;
}

/** In the order in which they were added; it is that of their precedence, behind the file's. */
export interface Additions {
  readonly registries: readonly Addition[];
  readonly clusters: readonly Addition[];
  /** The default cluster, unless the file names one. */
  readonly defaultCluster?: string;
}

export const noAdditions: Additions = { registries: [], clusters: [] };

/** More is no work of hands. */
export const mostAdditions = 100;
