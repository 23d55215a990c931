/** How the servers of a registry are known, and how they know us; made by `tls-schema.ts`. Files are PEM. */
export interface TlsSettings {
  /** File of the authorities that may certify the servers; absent: those that Node knows. */
  readonly ca?: string | undefined;
  /** Files of our own certificate chain and its key: both or none. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** The name that a server must prove; absent: that by which it is reached. */
  readonly serverName?: string | undefined;
  readonly verifyServerName: boolean;
}
