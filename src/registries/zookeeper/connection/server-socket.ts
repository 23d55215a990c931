/** The socket to a server, plain or TLS, and why there is none. */
import net, { isIP, type LookupFunction } from "node:net";
import tls, { TLSSocket } from "node:tls";
import { certificatesIn, chainIn, readPem } from "../../../access/pem-files.ts";
import type { TlsSettings, ZookeeperServer } from "./settings.ts";

/** Characters of a reason with a stranger's words in it. */
const longest = 512;

export interface ServerSocket {
  readonly socket: net.Socket;
  /** The socket's event after which it may be written to. */
  readonly opened: "connect" | "secureConnect";
}

/**
 * TLS files are read with every connection, so renewed ones are taken up by the next.
 * @param settings undefined: plain TCP
 * @throws TributaryError TLS_UNUSABLE if a file cannot be used, an Error if it can be read but is too weak
 */
export function openSocket(server: ZookeeperServer, settings: TlsSettings | undefined, lookup: LookupFunction): ServerSocket {
  const { host, port } = server;
  if (settings === undefined) return { socket: net.connect({ host, port, noDelay: true, lookup }), opened: "connect" };
  const name = settings.serverName ?? host;
  const socket = tls.connect({
    host,
    port,
    lookup,
    ...readMaterial(settings),
    minVersion: "TLSv1.2",
    // The extension carries no addresses.
    ...(isIP(name) === 0 && { servername: name }),
    checkServerIdentity: (_, certificate) => (settings.verifyServerName ? tls.checkServerIdentity(name, certificate) : undefined),
  });
  return { socket: socket.setNoDelay(), opened: "secureConnect" };
}

function readMaterial({ ca, certificate, key }: TlsSettings): tls.SecureContextOptions {
  const authorities = ca === undefined ? undefined : readPem(ca, "tls.ca");
  if (authorities) certificatesIn(authorities);
  if (certificate === undefined || key === undefined) return { ...(authorities && { ca: authorities.text }) };
  const own = { certificate: readPem(certificate, "tls.certificate"), key: readPem(key, "tls.key") };
  chainIn(own.certificate, own.key);
  return { ...(authorities && { ca: authorities.text }), cert: own.certificate.text, key: own.key.text };
}

export interface SocketFailure {
  readonly reason: string;
  /** One side refuses the other: a certificate or the settings have to be changed. */
  readonly refused: boolean;
}

/** What an error of the socket means. */
export function failureOf(error: NodeJS.ErrnoException, socket: net.Socket): SocketFailure {
  const { code, message } = error;
  if (!(socket instanceof TLSSocket)) return { reason: `connection failed: ${code ?? message}`, refused: false };
  const { reason = message } = error as { reason?: string };
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return refused(`the server's certificate is for another name: ${reason}`);
  if (socket.authorizationError) return refused(`the server's certificate is not trusted: ${message} (${code})`);
  if (code?.startsWith("ERR_SSL_")) return refused(`no TLS: ${reason} (${code})`);
  if (!socket.authorized) return { reason: `the connection ended within the TLS handshake: ${code ?? message}`, refused: false };
  return { reason: `connection failed: ${code ?? message}`, refused: false };
}

/** Certificates of strangers may hold any text. */
function refused(reason: string): SocketFailure {
  return { reason: reason.slice(0, longest).replace(/\p{Cc}/gu, "\ufffd"), refused: true };
}
