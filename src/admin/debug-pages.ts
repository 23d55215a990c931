/** `/debug`: the API's answers for browsers and for curl without a body. Text, or JSON with `?format=json`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { type DescMessage, type MessageShape, toJson, toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  ClientsResponseSchema,
  IstioObjectSchema,
  RegistryStatusSchema,
  StatusResponseSchema,
  WhyResponseSchema,
} from "../gen/tributary/admin/v1/admin_pb.ts";
import { clientsOf } from "./api/clients.ts";
import { dumpPage } from "./api/dump.ts";
import type { Inspection } from "./api/inspection.ts";
import { statusOf } from "./api/status.ts";
import { why } from "./api/why.ts";
import { drained } from "./drained.ts";
import { clientsText } from "./text/clients-text.ts";
import { clustersText } from "./text/clusters-text.ts";
import { registriesText, statusText } from "./text/status-text.ts";
import { whyText } from "./text/why-text.ts";

interface Page {
  readonly text: string;
  json(): unknown;
}

const index = `Tributary, looked at from inside. Add ?format=json for JSON.

  /debug/status            how the process, its registries and what it serves are doing
  /debug/registries        the registries alone
  /debug/clusters          the Kubernetes clusters, where they come from and how they are
  /debug/why?host=HOST     why a host is served as it is: a host, namespace/host, or a registry's own name
  /debug/clients           who is connected to the xDS port, and what of it they have
  /debug/dump              everything that is served, as a JSON list; also ?kind=KIND&namespace=NAMESPACE

For tools: POST to /tributary.admin.v1.AdminService/{Status,Dump,Why,Diff,Clients}, see docs/admin-api.md;
to release, freeze, unfreeze, pause and resume: OperationsService, see docs/protection.md.
`;

/** Answers every path that is no method of the API; never rejects for what a client sent. */
export function debugPages(inspection: Inspection): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const pages: Readonly<Record<string, (query: URLSearchParams, now: number) => Page | Promise<Page>>> = {
    "/debug/status": (_query, now) => {
      const status = statusOf(inspection, now);
      return { text: statusText(status, now), json: () => toJson(StatusResponseSchema, status) };
    },
    "/debug/registries": (_query, now) => {
      const { registries } = statusOf(inspection, now);
      return { text: registriesText(registries, now), json: () => registries.map((one) => toJson(RegistryStatusSchema, one)) };
    },
    "/debug/clusters": (_query, now) => {
      const clusters = inspection.views.clusters();
      return { text: clustersText(clusters, now), json: () => clusters };
    },
    "/debug/clients": (_query, now) => message(ClientsResponseSchema, clientsOf(inspection, now), (clients) => clientsText(clients, now)),
    "/debug/why": async (query, now) =>
      message(WhyResponseSchema, await why(inspection, query.get("host") ?? ""), (answer) => whyText(answer, now)),
  };
  return async (request, response) => {
    const [pathname = "/", query = ""] = (request.url ?? "/").split("?", 2);
    const searchParams = new URLSearchParams(query);
    if (request.method !== "GET" && request.method !== "HEAD") return send(response, 405, "text/plain", "only GET\n");
    if (["/", "/debug", "/debug/"].includes(pathname)) return send(response, 200, "text/plain", index);
    try {
      if (pathname === "/debug/dump") return await sendDump(inspection, searchParams, response);
      const page = Object.hasOwn(pages, pathname) ? await pages[pathname]?.(searchParams, Date.now()) : undefined;
      if (page === undefined) send(response, 404, "text/plain", `no such page\n\n${index}`);
      else if (searchParams.get("format") !== "json") send(response, 200, "text/plain", page.text);
      else send(response, 200, "application/json", `${JSON.stringify(page.json(), undefined, 2)}\n`);
    } catch (error) {
      if (!(error instanceof ConnectError) || response.headersSent) throw error;
      const status = error.code === Code.NotFound ? 404 : 400;
      send(response, status, "text/plain", `${error.rawMessage}\n`);
    }
  };
}

function message<Desc extends DescMessage>(schema: Desc, value: MessageShape<Desc>, text: (value: MessageShape<Desc>) => string): Page {
  return { text: text(value), json: () => toJson(schema, value) };
}

/** One object a line, page by page, no faster than it is read. */
async function sendDump({ snapshot }: Inspection, query: URLSearchParams, response: ServerResponse): Promise<void> {
  const request = { kind: query.get("kind") ?? "", namespace: query.get("namespace") ?? "", pageSize: 0, pageToken: "" };
  let page = dumpPage(snapshot(), request);
  response.writeHead(200, { "content-type": "application/json; charset=utf-8" });
  let separator = `{"apiVersion":"v1","kind":"List","items":[\n`;
  for (;;) {
    const objects = page.objects.map((object) => toJsonString(IstioObjectSchema, object)).join(",\n");
    if (objects !== "" && !response.write(separator + objects)) await drained(response);
    if (objects !== "") separator = ",\n";
    if (page.nextPageToken === "" || response.destroyed) break;
    await turn();
    page = dumpPage(snapshot(), { ...request, pageToken: page.nextPageToken });
  }
  response.end(separator.startsWith("{") ? `${separator}]}\n` : "\n]}\n");
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": `${type}; charset=utf-8` });
  response.end(body);
}
