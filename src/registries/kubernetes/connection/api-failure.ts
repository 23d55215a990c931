/** Why a request to an API server failed, in words for people and with what can be done about it. */

/**
 * - `unreachable`: no connection, or it ended before the answer did
 * - `silent`: connected, but nothing came in time
 * - `untrusted`: the server's certificate is not one we may trust
 * - `unauthorized`: the credential does not count (401)
 * - `forbidden`: the credential may not do this (403)
 * - `expired`: the resource version or the page asked for is not kept any more (410)
 * - `status`: any other answer but success
 * - `garbage`: an answer that is not what an API server says
 */
export type ApiFailureKind = "unreachable" | "silent" | "untrusted" | "unauthorized" | "forbidden" | "expired" | "status" | "garbage";

/** Characters of a stranger's words in a message. */
const longest = 400;

export class ApiFailure extends Error {
  readonly kind: ApiFailureKind;
  /** HTTP status; undefined if there was none. */
  readonly status: number | undefined;

  constructor(kind: ApiFailureKind, message: string, status?: number) {
    super(clean(message));
    this.name = "ApiFailure";
    this.kind = kind;
    this.status = status;
  }
}

/** The failure that an answer other than success tells of; `body`: its text, most often a Kubernetes Status. */
export function failureOfStatus(status: number, body: string): ApiFailure {
  return new ApiFailure(kindOfStatus(status), `${status}: ${statusMessage(body)}`, status);
}

/** An `ERROR` event inside of a watch carries a Status object in place of an HTTP status. */
export function failureOfStatusObject(object: unknown): ApiFailure {
  const { code, message } = (object ?? {}) as { code?: unknown; message?: unknown };
  const status = typeof code === "number" ? code : 500;
  return new ApiFailure(kindOfStatus(status), `${status}: ${typeof message === "string" ? message : "no message"}`, status);
}

export function failureOfSocket(error: NodeJS.ErrnoException): ApiFailure {
  if (error instanceof ApiFailure) return error;
  const { code = "", message } = error;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return new ApiFailure("untrusted", `the server's certificate is for another name: ${message}`);
  if (certificateCodes.has(code))
    return new ApiFailure("untrusted", `the server's certificate is not trusted: ${message.split(";")[0]} (${code})`);
  if (code.startsWith("ERR_SSL_") || code === "EPROTO") return new ApiFailure("untrusted", `no TLS that both sides speak: ${message}`);
  if (code.startsWith("HPE_")) return new ApiFailure("garbage", `the answer is not HTTP (${code})`);
  return new ApiFailure("unreachable", code === "" || message.includes(code) ? message : `${message} (${code})`);
}

function kindOfStatus(status: number): ApiFailureKind {
  switch (status) {
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 410:
      return "expired";
    default:
      return "status";
  }
}

function statusMessage(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === "string" && message !== "") return message;
  } catch {
    // Not a Status: a proxy's page, perhaps.
  }
  return body.trim() === "" ? "no message" : body.trim();
}

function clean(message: string): string {
  return message.replace(/[\p{Cc}\p{Cf}]+/gu, " ").slice(0, longest);
}

/** OpenSSL's reasons to refuse a certificate, as Node names them. */
const certificateCodes: ReadonlySet<string> = new Set([
  "CERT_CHAIN_TOO_LONG",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_INVALID_CONTEXT",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "PATH_LENGTH_EXCEEDED",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);
