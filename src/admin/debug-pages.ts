/** `/debug`: the API's answers for browsers and for curl without a body. Text, or JSON with `?format=json`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ClientsResponseSchema, StatusResponseSchema, WhyResponseSchema } from "../gen/tributary/admin/v1/admin_pb.ts";
import { clientsOf } from "./api/clients.ts";
import type { Inspection } from "./api/inspection.ts";
import { statusOf } from "./api/status.ts";
import { why } from "./api/why.ts";

type Answer = { readonly schema: DescMessage; readonly message: MessageShape<DescMessage>; readonly text?: string };
type Page = (query: URLSearchParams) => Answer | Promise<Answer>;

const index = `Tributary, for people. Add ?format=json for JSON.

  /debug/status
  /debug/registries
  /debug/clients
  /debug/why?host=HOST

For tools: POST to /tributary.admin.v1.AdminService/{Status,Dump,Why,Diff,Clients} (docs/admin-api.md).
`;

export function debugPages(inspection: Inspection): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const pages: Readonly<Record<string, Page>> = {
    "/debug/status": () => ({ schema: StatusResponseSchema, message: statusOf(inspection, Date.now()) }),
    "/debug/clients": () => ({ schema: ClientsResponseSchema, message: clientsOf(inspection, Date.now()) }),
    "/debug/why": async (query) => ({ schema: WhyResponseSchema, message: await why(inspection, query.get("host") ?? "") }),
  };
  return async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    if (request.method !== "GET" && request.method !== "HEAD") return send(response, 405, "text/plain", "only GET\n");
    if (pathname === "/" || pathname === "/debug" || pathname === "/debug/") return send(response, 200, "text/plain", index);
    const page = pages[pathname];
    if (page === undefined) return send(response, 404, "text/plain", `no such page\n\n${index}`);
    try {
      const { schema, message } = await page(searchParams);
      send(response, 200, "application/json", `${JSON.stringify(toJson(schema, message), undefined, 2)}\n`);
    } catch (error) {
      const { code, rawMessage } = ConnectError.from(error);
      send(response, code === Code.NotFound ? 404 : code === Code.InvalidArgument ? 400 : 500, "text/plain", `${rawMessage}\n`);
    }
  };
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": `${type}; charset=utf-8` });
  response.end(body);
}
