/** The methods of AdminService over what the process knows. */
import type { ServiceImpl } from "@connectrpc/connect";
import type { AdminService } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { clientsOf } from "./clients.ts";
import { diffMethod } from "./diff.ts";
import { dumpPage } from "./dump.ts";
import type { Inspection } from "./inspection.ts";
import { statusOf } from "./status.ts";
import { why } from "./why.ts";

export function adminMethods(inspection: Inspection): Partial<ServiceImpl<typeof AdminService>> {
  const diff = diffMethod(inspection);
  return {
    status: () => statusOf(inspection, Date.now()),
    dump: (request) => dumpPage(inspection.snapshot(), request),
    why: ({ host }) => why(inspection, host),
    diff: (request, { signal }) => diff(request, signal),
    clients: () => clientsOf(inspection, Date.now()),
  };
}
