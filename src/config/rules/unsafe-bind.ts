/** The rule that what Tributary knows leaves the machine only to clients that show a certificate. */
import { TributaryError } from "../../errors/tributary-error.ts";
import { isLoopback } from "./loopback.ts";

/** Undefined when a server may listen there. */
export function unsafeBind(section: "xds" | "admin", address: string, withTls: boolean): TributaryError | undefined {
  if (withTls || isLoopback(address)) return undefined;
  return new TributaryError("BIND_UNSAFE", `${section}.address: ${address} is reachable from outside, where ${section}.tls is needed`, {
    hint: `set ${section}.tls, or listen on 127.0.0.1, ::1 or localhost`,
  });
}
