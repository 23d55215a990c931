/** What the session needs to know; made by the schema in `kind.ts`. Times in ms. */
export interface ZookeeperSettings {
  readonly servers: readonly ZookeeperServer[];
  /** Path without a trailing slash, or absent. */
  readonly chroot?: string | undefined;
  /** Path of Dubbo's registry group: `/dubbo`. */
  readonly root: string;
  readonly sessionTimeout: number;
  readonly connectTimeout: number;
  readonly auth?: { readonly scheme: string; readonly user: string; readonly password: string } | undefined;
  readonly maxInFlight: number;
  readonly relistInterval: number;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly consumers: boolean;
}

export interface ZookeeperServer {
  readonly host: string;
  readonly port: number;
}
