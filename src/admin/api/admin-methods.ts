/** The methods of AdminService over what the process knows. */
import type { ServiceImpl } from "@connectrpc/connect";
import type { AdminService } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { clientsOf } from "./clients.ts";
import { dumpPage } from "./dump.ts";
import type { Inspection } from "./inspection.ts";
import { statusOf } from "./status.ts";
import { why } from "./why.ts";

export function adminMethods(inspection: Inspection): Partial<ServiceImpl<typeof AdminService>> {
  return {
    status: () => statusOf(inspection, Date.now()),
    dump: (request) => dumpPage(inspection.snapshot(), request),
    why: ({ host }) => why(inspection, host),
    clients: () => clientsOf(inspection, Date.now()),
  };
}
