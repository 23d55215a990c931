/** Who calls a method, for the log: the names of the client's certificate, if it showed one, and its address. */
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { createContextKey, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { namesOf } from "../../access/peer.ts";

const key = createContextKey("somebody", { description: "who calls" });

/** For the adapter: what is known of the request beside its message. */
export function callerValues(request: Pick<IncomingMessage, "socket">) {
  return createContextValues().set(key, callerOf(request.socket));
}

export function callerIn({ values }: Pick<HandlerContext, "values">): string {
  return values.get(key);
}

function callerOf(socket: IncomingMessage["socket"]): string {
  const { remoteAddress = "unknown", remotePort } = socket;
  const address = remoteAddress.includes(":") ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
  const { dns, uris } = namesOf((socket as Partial<TLSSocket>).getPeerX509Certificate?.()?.subjectAltName ?? "");
  const names = [...uris, ...dns];
  return names.length === 0 ? address : `${names.slice(0, 8).join(", ").slice(0, 512)} (${address})`;
}
