/**
 * Where the services of one namespace are read from: one connection to one server, over gRPC or HTTP. It reads only and
 * is thrown away at the first doubt; whoever keeps one opens the next, at another server, and reads everything anew.
 */
import type { HostPort } from "../host-port.ts";
import type { Ending } from "../server-rotation.ts";
import type { NacosService } from "./nacos-service.ts";
import type { NacosServer } from "./settings.ts";

/** A service within its namespace. */
export interface ServiceName {
  readonly group: string;
  /** Without the group. */
  readonly name: string;
}

/** Why a source was given up. */
export interface Doubt {
  readonly ending: Ending;
  readonly reason: string;
  /** The server wants us to go there, if it is one of ours. */
  readonly next?: HostPort;
}

export interface NamingEvents {
  /** Everything can be asked for from here on. Called once, or never. */
  established(): void;
  /** A subscribed service, in full, as it is now. */
  changed(service: NacosService): void;
  /** A service got its first instance. A hint where the server gives such; lists are what counts. */
  appeared(service: ServiceName): void;
  /** What a server told of a service could not be read; its last state is to be kept. */
  unreadable(where: string, reason: string): void;
  /** The server answered just now. */
  contact(): void;
  /** A source that is opened at this server now would read in a better way. This one goes on until it is closed. */
  surpassed(): void;
  /** Called once, with the source already closed. What is pending rejects with `SourceLost`. */
  lost(doubt: Doubt): void;
}

/** Requests reject with `SourceLost`, or with `RequestRefused` if the server refuses just this one. */
export interface NamingSource {
  readonly server: NacosServer;
  /**
   * Names of all services of a group, also of those without instances. Every page was read, or it rejects.
   * @param group absent: of all groups
   */
  list(group?: string): Promise<readonly ServiceName[]>;
  /**
   * What a service is now, read without a subscription; without instances if it is unknown.
   * @param healthyOnly only with instances that are healthy indeed; default false
   */
  query(service: ServiceName, healthyOnly?: boolean): Promise<NacosService>;
  /** What a service is now; from then on, its changes are told. It need not exist. */
  subscribe(service: ServiceName): Promise<NacosService>;
  unsubscribe(service: ServiceName): Promise<void>;
  /** Content of a configuration of this namespace; undefined if there is none. */
  readConfig(dataId: string, group: string): Promise<string | undefined>;
  /** Gives the source up; `lost` is called with the reason. */
  doubt(reason: string, ending?: Ending): void;
  /** Releases every socket and timer; `lost` is not called. */
  close(): Promise<void>;
}

/** Starts to connect; nothing is told before it returns. */
export type OpenSource = (server: NacosServer, namespace: string, events: NamingEvents) => NamingSource;

/** The source ended before the answer came. */
export class SourceLost extends Error {}

/** The server refused one request. */
export class RequestRefused extends Error {
  /** What follows for a source that cannot do without the answer. */
  readonly ending: Ending;
  /** Every other request would be refused as well. */
  readonly isGeneral: boolean;

  constructor(message: string, ending: Ending = "broken", isGeneral = false) {
    super(message);
    this.ending = ending;
    this.isGeneral = isGeneral;
  }
}
