/** What a connection needs to know; made by the schema in `settings-schema.ts`. Times in ms. */
export interface ConnectionSettings {
  readonly servers: readonly ZookeeperServer[];
  /** Path without a trailing slash, or absent. */
  readonly chroot?: string | undefined;
  readonly sessionTimeout: number;
  readonly connectTimeout: number;
  readonly auth?: { readonly scheme: string; readonly user: string; readonly password: string } | undefined;
}

export interface ZookeeperServer {
  readonly host: string;
  readonly port: number;
}
