import type { TlsSettings } from "../tls-settings.ts";
import type { Status } from "./wire/status.ts";

/** What the session needs to know; made by the schema in `kind.ts`. Times in ms. */
export interface EurekaSettings {
  /** Peers of one cluster, in the order in which they are tried. */
  readonly servers: readonly ServerAddress[];
  /** For servers whose address tells no user. */
  readonly auth?: Login | undefined;
  /** For servers with `https`; absent: what Node trusts. */
  readonly tls?: TlsSettings | undefined;
  readonly pollInterval: number;
  /** Between two full copies. */
  readonly fullInterval: number;
  /** A server may say nothing for so long. */
  readonly requestTimeout: number;
  /** What a full copy lacks without a word stays so long. */
  readonly missingHold: number;
  /** Instances in one of these are healthy. */
  readonly statuses: readonly Status[];
  /** Of instances that tell a zone and no region. */
  readonly region?: string | undefined;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export interface ServerAddress {
  /** Without user, password and trailing slash: `http://eureka-0:8761/eureka`. */
  readonly url: string;
  readonly login?: Login | undefined;
}

export interface Login {
  readonly user: string;
  readonly password: string;
}
