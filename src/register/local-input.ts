/**
 * Where an application tells its services while it runs: HTTP on loopback. `PUT /services` with a document replaces them all,
 * `DELETE /services` takes them back, `GET /services` shows them.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { OfferedService } from "../registries/pod-records/offered-service.ts";
import { parseServices } from "./service-document.ts";

/** Bytes; an annotation holds no more. */
const longestBody = 256 * 1024;

export interface LocalInput {
  readonly port: number;
  close(): void;
}

/**
 * @param set resolves once the pod says so
 * @throws if the port cannot be listened on
 */
export async function listenLocally(port: number, set: (services: readonly OfferedService[]) => Promise<void>): Promise<LocalInput> {
  let current: readonly OfferedService[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url !== "/services") return reply(response, 404, { error: "only /services is known" });
    switch (request.method) {
      case "GET":
        return reply(response, 200, { services: current.map(({ key, ...rest }) => ({ ...key, ...rest })) });
      case "PUT": {
        // Pages in a browser on the same host can send other types without asking.
        if (!/^application\/(json|yaml)\b/.test(request.headers["content-type"] ?? "")) {
          return reply(response, 415, { error: "expected content-type application/json or application/yaml" });
        }
        const services = parseServices(await bodyOf(request));
        current = services;
        await set(services);
        return reply(response, 200, { services: services.length });
      }
      case "DELETE":
        current = [];
        await set([]);
        return reply(response, 200, { services: 0 });
      default:
        return reply(response, 405, { error: "expected GET, PUT or DELETE" });
    }
  };
  const server: Server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    answer(request, response).catch((error: Error) => reply(response, 400, { error: error.message }));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestBody) throw new Error(`a body of more than ${longestBody} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function reply(response: ServerResponse, code: number, body: object): void {
  if (response.headersSent) return;
  response.writeHead(code, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}
