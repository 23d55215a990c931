/**
 * The door of a server: plain TCP on loopback, TLS with client certificates anywhere. What is behind
 * it gets connections of clients that may be here, decrypted, and nothing of the others.
 */
import { constants } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from "node:tls";
import { unsafeBind } from "../config/rules/unsafe-bind.ts";
import type { TlsConfig } from "../config/schema.ts";
import type { Logger } from "../log/logger.ts";
import { judge, type Peer, type Refusal, type RefusalReason } from "./peer.ts";
import { Refusals, type ServerName } from "./refusals.ts";
import { readTlsFiles, type TlsMaterial } from "./tls-files.ts";
import { WatchedFiles, type WatchedFilesOptions } from "./watched-files.ts";

export interface AccessOptions {
  readonly server: ServerName;
  readonly address: string;
  readonly tls: TlsConfig | undefined;
  /** Application protocols, the preferred first: `h2`, `http/1.1`. A TLS client that offers others only is refused. */
  readonly protocols: readonly string[];
  readonly log: Logger;
  /** Counts refused connections. */
  readonly onRefused?: (server: ServerName, reason: RefusalReason) => void;
  /** Tells a refused client why in the server's own protocol; the connection is closed after it. Default: it is closed without a word. */
  readonly farewell?: (message: string) => Uint8Array;
  /** For the TLS handshake, in ms; default 10 s. */
  readonly handshakeTimeout?: number;
  readonly files?: WatchedFilesOptions;
}

export class Access {
  readonly #options: AccessOptions;
  readonly #refusals: Refusals;
  readonly #servers = new Set<TlsServer>();
  readonly #files: WatchedFiles | undefined;
  #material: TlsMaterial | undefined;

  /** Reads the TLS files, and follows their changes until `close`. @throws TributaryError BIND_UNSAFE, TLS_UNUSABLE */
  constructor(options: AccessOptions) {
    const { server, address, tls, log, onRefused = () => {} } = options;
    const unsafe = unsafeBind(server, address, tls !== undefined);
    if (unsafe) throw unsafe;
    this.#options = options;
    this.#refusals = new Refusals(server, log, onRefused);
    if (tls === undefined) return;
    this.#files = new WatchedFiles([tls.certificate, tls.key, tls.clientCa], () => this.#renew(tls), options.files);
    try {
      this.#take(readTlsFiles(tls, `${server}.tls`, Date.now()));
    } catch (error) {
      this.#files.close();
      throw error;
    }
  }

  /** A server that is not listening yet; `onConnection` gets every client that may connect. */
  createServer(onConnection: (socket: Socket) => void): Server {
    const { tls, protocols, handshakeTimeout = 10_000 } = this.#options;
    if (tls === undefined) return createServer({ noDelay: true }, onConnection);
    const server = createTlsServer({
      ...contextOptions(this.#material!),
      noDelay: true,
      ALPNProtocols: [...protocols],
      handshakeTimeout,
      requestCert: true,
      // Judged here instead: so the log can say who it was, and the client be told why.
      rejectUnauthorized: false,
    });
    server.on("secureConnection", (socket) => this.#judge(socket, tls, onConnection));
    server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
      // Closed before a word: a port check, such as a TCP probe of the kubelet.
      if (error.code !== "ECONNRESET")
        this.#refusals.refused({ peer: peerOf(socket) }, { reason: "handshake", message: handshakeMessage(error) });
      socket.destroy();
    });
    server.once("close", () => this.#servers.delete(server));
    this.#servers.add(server);
    return server;
  }

  /** Notes a connection that the caller closes for its own reason. */
  note(socket: Socket, refusal: Refusal): void {
    this.#refusals.refused({ peer: peerOf(socket) }, refusal);
  }

  /** Stops following the files. Servers stay as they are. */
  close(): void {
    this.#files?.close();
  }

  #judge(socket: TLSSocket, { allow }: TlsConfig, onConnection: (socket: Socket) => void): void {
    socket.on("error", () => socket.destroy());
    socket.disableRenegotiation();
    const { server, farewell } = this.#options;
    const peer = identify(socket);
    const refusal = judge(peer, allow, `${server}.tls.allow`);
    if (refusal === undefined) {
      onConnection(socket);
      return;
    }
    this.#refusals.refused({ peer: peerOf(socket), subject: peer.subject, names: peer.subjectAltName?.slice(0, 1024) }, refusal);
    socket.end(farewell?.(refusal.message) ?? "");
    // Whoever does not take the word is not waited for.
    setTimeout(() => socket.destroy(), 1_000).unref();
  }

  /** A file that cannot be used changes nothing; it is told once, and read again when it changes again. */
  #renew(tls: TlsConfig): void {
    const { server, log } = this.#options;
    try {
      this.#take(readTlsFiles(tls, `${server}.tls`, Date.now()));
      log.info({ server, expires: new Date(this.#material!.expires).toISOString() }, "certificates read again; new connections get them");
    } catch (error) {
      log.error({ server, err: error }, "changed certificates not taken over; the ones before stay");
    }
  }

  #take(material: TlsMaterial): void {
    for (const server of this.#servers) server.setSecureContext(contextOptions(material));
    this.#material = material;
    for (const warning of material.warnings) this.#options.log.warn({ server: this.#options.server }, warning);
  }
}

function contextOptions({ cert, key, ca }: TlsMaterial) {
  // Without tickets every connection shows its certificate anew: a resumed one would outlive its authority.
  return { cert, key, ca, minVersion: "TLSv1.2", secureOptions: constants.SSL_OP_NO_TICKET } as const;
}

function identify(socket: TLSSocket): Peer {
  const certificate = socket.getPeerX509Certificate();
  const error: unknown = socket.authorizationError;
  return {
    subject: certificate && (certificate.subject ?? "").replaceAll("\n", ", ").slice(0, 512),
    subjectAltName: certificate?.subjectAltName,
    verifyError: socket.authorized ? undefined : error instanceof Error ? error.message : String(error),
  };
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  if (remoteAddress === undefined) return "unknown";
  return remoteAddress.includes(":") ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

/** The reason alone: OpenSSL's texts carry thread, file and line. */
function handshakeMessage(error: NodeJS.ErrnoException): string {
  if (error.code === "ERR_TLS_HANDSHAKE_TIMEOUT") return "no TLS handshake in time";
  const { reason } = error as { reason?: string };
  return `no TLS handshake: ${reason ?? error.code ?? error.message}`;
}
