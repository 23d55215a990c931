/** What the session needs to know; made by the schema in `kind.ts`. Times in ms. */
import type { HostPort } from "../host-port.ts";
import type { ConnectionSettings } from "./bolt/connection.ts";

export interface SofaSettings extends ConnectionSettings {
  /** HTTP addresses of session servers. */
  readonly endpoints: readonly HostPort[];
  /** Bolt addresses of session servers; absent: the endpoints tell. */
  readonly sessions?: readonly HostPort[] | undefined;
  /** HTTP addresses of all data servers; absent: the endpoints tell. */
  readonly dataServers?: readonly HostPort[] | undefined;
  /** `bolt`: subscriptions; `http`: data servers are read again and again. */
  readonly transport: "bolt" | "http";
  readonly codec: "auto" | "protobuf" | "hessian";
  /** Where the list of services comes from. */
  readonly listing: "sessions" | "data-servers" | "static";
  /** Services to follow, whatever the listing says: a dataId, or a whole dataInfoId. */
  readonly dataIds: readonly string[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly groups: readonly string[];
  readonly instanceId: string;
  /** Only data of this data center; absent: of all that are told. */
  readonly dataCenter?: string | undefined;
  /** Empty: the server's own. */
  readonly zone: string;
  readonly scope: "zone" | "dataCenter" | "global";
  readonly acceptMulti: boolean;
  readonly appName: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly warmUp: boolean;
  readonly maxInFlight: number;
  /** Between two looks at the lists of servers and services, and between two readings over HTTP. */
  readonly refreshInterval: number;
  readonly relistInterval: number;
  /** How long old data are kept where a server says that it knows nothing. */
  readonly unknownGrace: number;
}
