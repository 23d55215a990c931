/** What carries a stream's bytes: grpc-js in the server, memory in tests. */

export type EndStatus = "OK" | "INVALID_ARGUMENT" | "RESOURCE_EXHAUSTED" | "DEADLINE_EXCEEDED" | "UNAVAILABLE" | "INTERNAL";

export interface Transport {
  /** `address:port` of the client. */
  readonly peer: string;
  readonly onLoopback: boolean;
  /** Sends one message; calls `done` once, after the last byte was taken or sending failed. */
  send(pieces: readonly Uint8Array[], done: (error?: Error | null) => void): void;
  /** Ends the stream; nothing is sent or received afterwards. */
  end(status: EndStatus, reason: string): void;
}
