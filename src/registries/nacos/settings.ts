import type { TlsSettings } from "../tls-settings.ts";
import type { MeaningSettings } from "./meaning/settings.ts";

/** What a session of the `nacos` kind needs to know; made by the schema in `kind.ts`. Times in ms. */
export interface NacosSettings extends AccessSettings, MeaningSettings {
  /** `auto`: gRPC, or HTTP where no server answers there. */
  readonly transport: "auto" | "grpc" | "http";
  /** Added to a server's port for its gRPC port. */
  readonly grpcPortOffset: number;
  /** Ids or show names; `*`: all. Absent: those of the pairs in `groups`, or the public one. */
  readonly namespaces?: readonly string[] | undefined;
  /** Names, or `namespace:group` pairs; `*` in either place: all. Empty: the default group. */
  readonly groups: readonly string[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Subscriptions and queries sent ahead of their answers, per namespace. */
  readonly maxInFlight: number;
  /** Between two lists of the names. */
  readonly listInterval: number;
  /** Between two readings of everything. */
  readonly relistInterval: number;
  readonly connectTimeout: number;
  readonly requestTimeout: number;
  /** Over HTTP: between two readings of one service. */
  readonly pollInterval: number;
  /** A connection that was silent for so long is checked. */
  readonly healthCheckInterval: number;
}

/** How servers are reached and who asks. */
export interface AccessSettings {
  readonly servers: readonly NacosServer[];
  /** Path before all others over HTTP: `/nacos`; empty without one. */
  readonly contextPath: string;
  /** Of HTTP requests. */
  readonly requestTimeout: number;
  readonly auth?: AuthSettings | undefined;
  /** Absent: gRPC without TLS, and what Node trusts for servers with `https`. */
  readonly tls?: TlsSettings | undefined;
}

export interface NacosServer {
  /** Of the HTTP API. */
  readonly scheme: "http" | "https";
  readonly host: string;
  /** Of the HTTP API. */
  readonly port: number;
}

/** All that is there is sent. */
export interface AuthSettings {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly accessKey?: string | undefined;
  readonly secretKey?: string | undefined;
  /** Sent with every request as they are, such as the identity that servers know each other by. */
  readonly headers: Readonly<Record<string, string>>;
}
