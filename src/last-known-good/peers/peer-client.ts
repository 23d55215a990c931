/** Asks one replica, as one that shows its certificate and wants to see the other's. */
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { judge } from "../../access/peer.ts";
import { readTlsFiles } from "../../access/tls-files.ts";
import type { TlsConfig } from "../../config/schema.ts";
import type { JournalOwner } from "../journal-header.ts";
import type { PeerAddress } from "./peer-addresses.ts";
import { ageHeader, kindHeader, peerPath } from "./peer-protocol.ts";

/** Bytes of a registry's state; twenty times a mesh of 10,000 services. */
const largest = 256 * 1024 * 1024;

export class PeerClient {
  readonly #agent: Agent;

  /** @param tls of the own admin port: a peer is somebody who may connect there. @throws TributaryError TLS_UNUSABLE */
  constructor(tls: TlsConfig) {
    const { cert, key, ca } = readTlsFiles(tls, "admin.tls", Date.now());
    this.#agent = new Agent({
      cert,
      key,
      ca,
      keepAlive: true,
      minVersion: "TLSv1.2",
      rejectUnauthorized: true,
      // It is called by an address, which its certificate need not name: it must be one of us.
      checkServerIdentity(_host, { subjectaltname }) {
        const refusal = judge(
          { subject: "its certificate", subjectAltName: subjectaltname, verifyError: undefined },
          tls.allow,
          "admin.tls.allow",
        );
        return refusal && new Error(refusal.message.replace("the client certificate", "the peer's certificate"));
      },
    });
  }

  /** How old its state of the registry is, in ms; undefined: it has none. Rejects if it does not answer as it should. */
  async age(peer: PeerAddress, owner: JournalOwner, signal: AbortSignal): Promise<number | undefined> {
    const response = await this.#ask(peer, owner, "HEAD", signal);
    response.resume();
    return ageIn(response, owner);
  }

  /** Its journal, and how old that is. Rejects if there is none. */
  async journal(peer: PeerAddress, owner: JournalOwner, signal: AbortSignal): Promise<{ readonly bytes: Buffer; readonly age: number }> {
    const response = await this.#ask(peer, owner, "GET", signal);
    const age = ageIn(response, owner);
    if (age === undefined) {
      response.destroy();
      throw new Error("it has no state of the registry any more");
    }
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of response as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > largest) throw new Error(`its state is larger than ${largest} bytes`);
      pieces.push(piece);
    }
    return { bytes: Buffer.concat(pieces), age };
  }

  close(): void {
    this.#agent.destroy();
  }

  #ask({ address, port }: PeerAddress, { registry }: JournalOwner, method: string, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      request({ agent: this.#agent, host: address, port, path: peerPath(registry), method, signal }, resolve)
        .on("error", reject)
        .end();
    });
  }
}

/** @throws Error */
function ageIn({ statusCode, headers }: IncomingMessage, { kind }: JournalOwner): number | undefined {
  if (statusCode === 404) return undefined;
  if (statusCode !== 200) throw new Error(`it answers with status ${statusCode}`);
  if (headers[kindHeader] !== kind) return undefined;
  const age = String(headers[ageHeader] ?? "");
  if (!/^\d{1,15}$/.test(age)) throw new Error("it does not say how old its state is");
  return Number(age);
}
