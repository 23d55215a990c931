/** Rules that hold between several values, or that are about safety rather than form. */
import { TributaryError } from "../errors/tributary-error.ts";
import type { ConfigDocument } from "./document.ts";
import { isLoopback } from "./loopback.ts";
import { overlappingPorts } from "./overlapping-ports.ts";

/** Checks what is there, so that these problems are told together with the schema's. */
export function checkRules(value: unknown, document: ConfigDocument): TributaryError[] {
  if (typeof value !== "object" || value === null) return [];
  const { registries, xds } = value as { registries?: unknown; xds?: unknown };
  return [...duplicateIds(registries, document), ...unsafeBind(xds, document), ...overlappingPorts(value, document)];
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
