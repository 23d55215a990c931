/** Rules that hold between several values, or that are about safety rather than form. */
import { TributaryError } from "../errors/tributary-error.ts";
import type { ConfigDocument } from "./document.ts";
import { isLoopback } from "./loopback.ts";

/** Checks what is there, so that these problems are told together with the schema's. */
export function checkRules(value: unknown, document: ConfigDocument): TributaryError[] {
  if (typeof value !== "object" || value === null) return [];
  const { registries, xds, metrics } = value as { registries?: unknown; xds?: unknown; metrics?: unknown };
  return [...duplicateIds(registries, document), ...unsafeBind(xds, document), ...samePort(xds, metrics, document)];
}

function duplicateIds(registries: unknown, document: ConfigDocument): TributaryError[] {
  if (!Array.isArray(registries)) return [];
  const errors: TributaryError[] = [];
  const first = new Map<string, number>();
  for (const [index, registry] of registries.entries()) {
    const id = (registry as { id?: unknown } | null)?.id;
    if (typeof id !== "string") continue;
    const earlier = first.get(id);
    if (earlier === undefined) {
      first.set(id, index);
      continue;
    }
    const { line } = document.valuePosition(["registries", earlier, "id"]);
    const message = `registries[${index}].id: registries[${earlier}] in line ${line} has the same id`;
    errors.push(new TributaryError("CONFIG_DUPLICATE_ID", message, { position: document.valuePosition(["registries", index, "id"]) }));
  }
  return errors;
}

/** The xDS port has neither authentication nor encryption yet, so it must not leave the pod. */
function unsafeBind(xds: unknown, document: ConfigDocument): TributaryError[] {
  const address = (xds as { address?: unknown } | null | undefined)?.address;
  if (typeof address !== "string" || address === "" || isLoopback(address)) return [];
  return [
    new TributaryError("BIND_UNSAFE", "xds.address: must be a loopback address: the xDS port has no authentication", {
      position: document.valuePosition(["xds", "address"]),
      hint: "use 127.0.0.1, ::1 or localhost",
    }),
  ];
}

/** Only when both are written: the defaults differ, and 127.0.0.1 beside ::1 would be two sockets. */
function samePort(xds: unknown, metrics: unknown, document: ConfigDocument): TributaryError[] {
  const a = xds as { address?: unknown; port?: unknown } | null | undefined;
  const b = metrics as { address?: unknown; port?: unknown } | null | undefined;
  if (typeof b?.port !== "number" || (a?.port ?? 16010) !== b.port) return [];
  const addresses = [a?.address ?? "127.0.0.1", b.address ?? "127.0.0.1"].map(String);
  if (addresses[0] !== addresses[1] && !addresses.some((address) => address === "0.0.0.0" || address === "::")) return [];
  return [
    new TributaryError("CONFIG_INVALID", `metrics.port: xds.port is ${b.port} too; expected another port`, {
      position: document.valuePosition(["metrics", "port"]),
    }),
  ];
}
