/** ZooKeeper's error codes (`KeeperException.Code`, 3.9). */
const names: Readonly<Record<number, string>> = {
  [-1]: "SYSTEM_ERROR",
  [-2]: "RUNTIME_INCONSISTENCY",
  [-4]: "CONNECTION_LOSS",
  [-5]: "MARSHALLING_ERROR",
  [-6]: "UNIMPLEMENTED",
  [-7]: "OPERATION_TIMEOUT",
  [-8]: "BAD_ARGUMENTS",
  [-101]: "NO_NODE",
  [-102]: "NO_AUTH",
  [-112]: "SESSION_EXPIRED",
  [-113]: "INVALID_CALLBACK",
  [-115]: "AUTH_FAILED",
  [-118]: "SESSION_MOVED",
  [-122]: "REQUEST_TIMEOUT",
  [-124]: "SESSION_CLOSED_REQUIRE_SASL_AUTH",
  [-125]: "QUOTA_EXCEEDED",
  [-127]: "THROTTLED_OP",
};

export const unimplemented = -6;
export const noNode = -101;
export const noAuth = -102;
/** The server will not have us as we are. */
export const refusals: ReadonlySet<number> = new Set([noAuth, -115, -124]);

/** Any code has a name: newer servers know more of them. */
export function errorName(code: number): string {
  return names[code] ?? "ERROR";
}
