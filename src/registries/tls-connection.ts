/** How a connection to a server's TLS port is made, and what its errors mean. Loaded only where it is used: workers start quickly. */
import { isIP } from "node:net";
import { type ConnectionOptions, checkServerIdentity, type TLSSocket } from "node:tls";
import { connectionFailed, type SocketFailure } from "./socket-failure.ts";
import { readTlsMaterial } from "./tls-material.ts";
import type { TlsSettings } from "./tls-settings.ts";

/** Characters of a reason with a stranger's words in it. */
const longest = 512;

/**
 * The files are read every time, so renewed ones are taken up by the next connection.
 * @param host by which the server is reached
 * @throws TributaryError TLS_UNUSABLE if a file cannot be used
 */
export function tlsOptions(host: string, settings: TlsSettings): ConnectionOptions {
  const name = settings.serverName ?? host;
  return {
    ...readTlsMaterial(settings),
    minVersion: "TLSv1.2",
    // Whatever the environment says.
    rejectUnauthorized: true,
    // The extension carries no addresses.
    ...(isIP(name) === 0 && { servername: name }),
    checkServerIdentity: (_, certificate) => (settings.verifyServerName ? checkServerIdentity(name, certificate) : undefined),
  };
}

export function tlsFailure(error: NodeJS.ErrnoException, socket: TLSSocket): SocketFailure {
  const { code, message, syscall } = error;
  const { reason = message } = error as { reason?: string };
  if (syscall === "connect" || syscall === "getaddrinfo") return connectionFailed(error);
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return refused(`the server's certificate is for another name: ${reason}`);
  // Node may add advice about its own options.
  if (socket.authorizationError) return refused(`the server's certificate is not trusted: ${message.split(";")[0]} (${code})`);
  if (code?.startsWith("ERR_SSL_")) return refused(`no TLS: ${reason} (${code})`);
  if (!socket.authorized) return { reason: `the connection ended within the TLS handshake: ${code ?? message}`, refused: false };
  return connectionFailed(error);
}

/** Certificates of strangers may hold any text. */
function refused(reason: string): SocketFailure {
  return { reason: reason.slice(0, longest).replace(/\p{Cc}/gu, "\ufffd"), refused: true };
}
