/** The HTTP API of a fake Nacos, as far as a reader over gRPC needs it: logins, namespaces, and services of all groups. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { FakeNacos } from "./server.ts";

export function httpApi(nacos: FakeNacos): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => answer(nacos, request, Buffer.concat(chunks).toString(), response));
  });
}

type Answer = readonly [status: number, content: unknown];

function answer(nacos: FakeNacos, request: IncomingMessage, body: string, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://nacos");
  nacos.httpRequests.push(`${request.method} ${pathname}`);
  if (nacos.behaviour === "mute") return;
  const [status, content] = contentOf(nacos, pathname, searchParams, body, request.headers);
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content));
}

function contentOf(nacos: FakeNacos, path: string, query: URLSearchParams, body: string, headers: IncomingHttpHeaders): Answer {
  const isThird = nacos.version === "3.0";
  const absent: Answer = [isThird ? 410 : 404, { code: 40_000, message: "please use other API(s)" }];
  switch (path) {
    case "/nacos/v1/auth/login":
    case "/nacos/v3/auth/user/login":
      return logIn(nacos, new URLSearchParams(body));
    case "/nacos/v1/console/namespaces":
      return isThird || !nacos.namespaces ? absent : [200, { code: 200, data: namespacesOf(nacos) }];
    case "/nacos/v3/admin/core/namespace/list":
      if (!isThird) return absent;
      return nacos.isKnown(headers) && nacos.namespaces ? [200, { code: 0, data: namespacesOf(nacos) }] : [403, { code: 403 }];
    case "/nacos/v1/ns/catalog/services": {
      const { count, page } = servicesOf(nacos, query);
      return isThird ? absent : [200, { count, serviceList: page }];
    }
    case "/nacos/v3/admin/ns/service/list": {
      if (!isThird) return absent;
      const { count, page } = servicesOf(nacos, query);
      return nacos.administrates ? [200, { code: 0, data: { totalCount: count, pageItems: page } }] : [403, { message: "access denied" }];
    }
    default:
      return absent;
  }
}

function logIn(nacos: FakeNacos, form: URLSearchParams): Answer {
  const { auth } = nacos;
  if (auth && form.get("username") === auth.user && form.get("password") === auth.password) {
    return [200, { accessToken: nacos.issueToken(), tokenTtl: auth.tokenTtl, globalAdmin: false, username: auth.user }];
  }
  return [nacos.version === "3.0" ? 500 : 403, { message: "user not found!" }];
}

function namespacesOf({ namespaces = [], version }: FakeNacos): unknown[] {
  const first = { namespace: version === "3.0" ? "public" : "", namespaceShowName: "public", type: 0 };
  return [first, ...namespaces.map(({ id, name }) => ({ namespace: id, namespaceShowName: name, type: 2 }))];
}

function servicesOf({ services }: FakeNacos, query: URLSearchParams): { count: number; page: unknown[] } {
  const all = [...services.all(query.get("namespaceId") || "public")];
  const size = Number(query.get("pageSize"));
  const from = (Number(query.get("pageNo")) - 1) * size;
  const page = all.slice(from, from + size).map(({ group, name, hosts }) => ({ name, groupName: group, ipCount: hosts.length }));
  return { count: all.length, page };
}
