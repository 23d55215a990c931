import type net from "node:net";
import type zookeeper from "node-zookeeper-client";
import type { ChildrenRequest } from "./children-request.ts";

/** Asks the library to set the watch flag; what fires arrives at our `watcherManager`. */
export const noWatcher = (): void => {};

/** `STATES.CONNECTING` of the library. */
export const connecting = 1;

/** The library's inner half, of which its types say nothing (`lib/ConnectionManager.js`, 1.1.3). */
export interface LibraryConnection {
  socket: net.Socket;
  readonly chrootPath: string | undefined;
  watcherManager: {
    isEmpty(): boolean;
    registerDataWatcher(path: string, watcher: unknown): void;
    registerChildWatcher(path: string, watcher: unknown): void;
    registerExistenceWatcher(path: string, watcher: unknown): void;
    emit(event: { type: number; path: string }): void;
  };
  /** Called by the library whenever it would connect again. */
  connect(): void;
  setState(state: number): void;
  /** Calls back with an error, or with an answer of the kind that the request's type has. */
  queue(
    request: ChildrenRequest,
    callback: (error: zookeeper.Exception | null, response: { payload: { children: string[] } | null } | undefined) => void,
  ): void;
  onSocketConnected(): void;
  onSocketData(frame: Buffer): void;
  onSocketDrain(): void;
  onSocketTimeout(): void;
}
