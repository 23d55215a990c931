/**
 * What it takes to talk to one cluster, and what its endpoints are by default. Checked before it is made
 * (`kubeconfig/`), and plain data, so that it can travel to the worker in which the connection lives.
 */
export interface ClusterCredential {
  /** Unique among all clusters: part of labels, metrics and the names of sources. */
  readonly id: string;
  /** URL of the API server, such as `https://10.0.0.1:6443`; it may have a path. */
  readonly server: string;
  /** PEM of the authorities that the server's certificate must come from; absent: those the system trusts. */
  readonly ca?: string;
  /** The server's certificate is not checked; only where the configuration allows that. */
  readonly skipTlsVerify?: true;
  /** PEM of the client's certificate, with its chain; `key` goes with it. */
  readonly certificate?: string;
  readonly key?: string;
  /** Bearer token. */
  readonly token?: string;
  /** A command that prints a token; only where the configuration allows that. */
  readonly exec?: ExecPlugin;
  /** Whom the requests act for; only where the configuration allows that. */
  readonly impersonate?: { readonly user: string; readonly groups: readonly string[]; readonly uid?: string };
  /** Name the server's certificate must have; absent: the host of `server`. */
  readonly tlsServerName?: string;
  /** URL of an HTTP proxy on the way to the server. */
  readonly proxy?: string;
  /** True for the cluster that istiod itself runs in and watches. */
  readonly local?: true;
  /** Istio network of the cluster's endpoints that name none; absent: the registry's. */
  readonly network?: string;
  /** Region and zone of the cluster's endpoints that name no locality. */
  readonly region?: string;
  readonly zone?: string;
  /** Precedence where clusters of one registry disagree: higher goes first, equal ones by id. Default 0. */
  readonly priority: number;
}

/** In the words of `client.authentication.k8s.io`. */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
}
