import type { TlsSettings } from "../../tls-settings.ts";

/** What a connection needs to know; made by the schema in `settings-schema.ts`. Times in ms. */
export interface ConnectionSettings {
  readonly servers: readonly ZookeeperServer[];
  /** Path without a trailing slash, or absent. */
  readonly chroot?: string | undefined;
  readonly sessionTimeout: number;
  readonly connectTimeout: number;
  /** `auto`: a recursive watch on a whole tree where the server has them, else a one-shot watch on every node. */
  readonly watches: "auto" | "one-shot";
  /** Absent: plain TCP. */
  readonly tls?: TlsSettings | undefined;
  readonly auth?: AuthSettings | undefined;
}

export interface AuthSettings {
  /** `digest`: user and password as they are; `sasl`: a proof of knowing them (DIGEST-MD5). */
  readonly scheme: "digest" | "sasl";
  readonly user: string;
  readonly password: string;
}

export interface ZookeeperServer {
  readonly host: string;
  readonly port: number;
}
