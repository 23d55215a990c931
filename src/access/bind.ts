import type { AddressInfo, Server } from "node:net";
import { TributaryError } from "../errors/tributary-error.ts";

/** Why a server could not listen, in the words of the one who wanted it to: each a message with its hint. */
export interface BindWords {
  /** Another process has the port. */
  readonly taken: readonly [message: string, hint: string];
  /** Anything else; the system's reason is added to the message. */
  readonly failed: readonly [message: string, hint: string];
}

/** Resolves with what was bound; the server's later errors are the caller's. @throws TributaryError BIND_IN_USE, BIND_FAILED */
export function bind(server: Server, host: string, port: number, { taken, failed }: BindWords): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: NodeJS.ErrnoException): void => {
      const inUse = cause.code === "EADDRINUSE";
      const [message, hint] = inUse ? taken : failed;
      reject(
        inUse
          ? new TributaryError("BIND_IN_USE", message, { hint, cause })
          : new TributaryError("BIND_FAILED", `${message}: ${cause.message}`, { hint, cause }),
      );
    };
    server.once("error", refuse);
    server.listen({ host, port }, () => {
      server.off("error", refuse);
      resolve(server.address() as AddressInfo);
    });
  });
}
