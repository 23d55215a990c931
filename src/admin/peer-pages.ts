/** For other replicas that start with nothing: what is known of a registry, as a journal. See `last-known-good/peers/`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { journalCopy } from "../last-known-good/journal-copy.ts";
import type { KeptSource } from "../last-known-good/journal-entry.ts";
import { ageHeader, kindHeader, registryIn } from "../last-known-good/peers/peer-protocol.ts";
import { drained } from "./drained.ts";

/** What is known of a registry that was listed completely, here or where its state comes from. */
export interface TransferableState {
  readonly kind: string;
  readonly source: KeptSource;
  /** Epoch ms. */
  readonly asOf: number;
}

export interface PeerPages {
  /** It shows its certificate. */
  readonly hasTls: boolean;
  state(registry: string): TransferableState | undefined;
}

/** False: the request is about something else. */
export async function answerPeer(request: IncomingMessage, response: ServerResponse, { hasTls, state }: PeerPages): Promise<boolean> {
  const registry = registryIn(request.url ?? "");
  if (registry === undefined) return false;
  const refuse = (status: number, text: string): true => {
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
    response.end(`${text}\n`);
    return true;
  };
  if (request.method !== "GET" && request.method !== "HEAD") return refuse(405, "only GET");
  // Whole registries go to those only who show a certificate.
  if (!hasTls) return refuse(403, "without admin.tls, nothing is told to other replicas");
  const known = state(registry);
  if (known === undefined) return refuse(404, "no complete state of such a registry");
  const { kind, source, asOf } = known;
  const age = Math.max(0, Math.floor(Date.now() - asOf));
  response.writeHead(200, { "content-type": "application/octet-stream", [ageHeader]: String(age), [kindHeader]: kind });
  if (request.method === "GET") {
    for (const piece of journalCopy({ registry, kind }, source)) {
      if (!response.write(piece)) await drained(response);
      if (response.destroyed) break;
      await turn();
    }
  }
  response.end();
  return true;
}
