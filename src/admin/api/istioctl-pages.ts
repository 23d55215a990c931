/**
 * What `istioctl x internal-debug NAME` shows of us. Names and versions only, where there are many: an answer is one
 * message, made in one go; the whole objects are what `tributary dump` is for.
 */
import { type JsonObject, toJson } from "@bufbuild/protobuf";
import { ClientsResponseSchema, StatusResponseSchema } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { ownedTypes } from "../../snapshot/snapshot.ts";
import { clientsOf } from "./clients.ts";
import type { Inspection } from "./inspection.ts";
import { statusOf } from "./status.ts";

/** Under istiod's names where there is something of the kind. */
const pages: Readonly<Record<string, (inspection: Inspection) => unknown>> = {
  list: () => Object.keys(pages),
  configz: ({ snapshot }) => ownedTypes.flatMap((type) => [...snapshot().table(type).entries()].map((entry) => configOf(type, entry))),
  registryz: (inspection) => status(inspection).registries,
  statusz: (inspection) => status(inspection),
  syncz: (inspection) => (toJson(ClientsResponseSchema, clientsOf(inspection, Date.now())) as JsonObject).clients ?? [],
};

/** JSON; undefined: no such page. */
export function istioctlPage(inspection: Inspection, name: string): string | undefined {
  const page = Object.hasOwn(pages, name) ? pages[name] : undefined;
  return page && JSON.stringify(page(inspection));
}

function status(inspection: Inspection): JsonObject {
  return toJson(StatusResponseSchema, statusOf(inspection, Date.now())) as JsonObject;
}

function configOf(type: string, { name: fullName, version }: { readonly name: string; readonly version: string }) {
  const [namespace, name] = fullName.split("/", 2);
  return { kind: type.slice(type.indexOf("/") + 1), metadata: { namespace, name, resourceVersion: version } };
}
