/** Rules that hold between several values, or that are about safety rather than form. */
import { TributaryError } from "../../errors/tributary-error.ts";
import type { ConfigDocument, Path } from "../document.ts";
import { overlappingPorts } from "./overlapping-ports.ts";
import { unsafeBind } from "./unsafe-bind.ts";

/** Checks what is there, so that these problems are told together with the schema's. */
export function checkRules(value: unknown, document: ConfigDocument): TributaryError[] {
  if (typeof value !== "object" || value === null) return [];
  const { registries, clusters, xds, admin } = value as Readonly<Record<string, unknown>>;
  return [
    ...duplicateIds(registries, ["registries"], document),
    ...duplicateIds((clusters as { list?: unknown } | null | undefined)?.list, ["clusters", "list"], document),
    ...unsafeAddress("xds", xds, document),
    ...unsafeAddress("admin", admin, document),
    ...overlappingPorts(value, document),
  ];
}

function duplicateIds(entries: unknown, path: Path, document: ConfigDocument): TributaryError[] {
  if (!Array.isArray(entries)) return [];
  const errors: TributaryError[] = [];
  const first = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    const id = (entry as { id?: unknown } | null)?.id;
    if (typeof id !== "string") continue;
    const earlier = first.get(id);
    if (earlier === undefined) {
      first.set(id, index);
      continue;
    }
    const { line } = document.valuePosition([...path, earlier, "id"]);
    const list = path.join(".");
    const message = `${list}[${index}].id: ${list}[${earlier}] in line ${line} has the same id`;
    errors.push(new TributaryError("CONFIG_DUPLICATE_ID", message, { position: document.valuePosition([...path, index, "id"]) }));
  }
  return errors;
}

/** Whoever reaches such an address is asked for a certificate, or nobody listens there. */
function unsafeAddress(name: "xds" | "admin", section: unknown, document: ConfigDocument): TributaryError[] {
  const { address, tls } = (section ?? {}) as { address?: unknown; tls?: unknown };
  if (typeof address !== "string" || address === "") return [];
  // What `tls` must hold, the schema says.
  const unsafe = unsafeBind(name, address, tls !== undefined && tls !== null);
  return unsafe
    ? [new TributaryError(unsafe.code, unsafe.message, { hint: unsafe.hint, position: document.valuePosition([name, "address"]) })]
    : [];
}
