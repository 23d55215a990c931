/** A server in the place of istiod's debug port, which answers `/debug/configz` as well or as badly as a test wants. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export type ConfigzAnswer = (request: IncomingMessage, response: ServerResponse) => void;

export interface FakeConfigz {
  readonly port: number;
  /** Requests so far. */
  readonly requests: () => readonly string[];
}

/** Serves until the test ends. */
export async function fakeConfigz(t: TestContext, answer: ConfigzAnswer): Promise<FakeConfigz> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, requests: () => requests };
}

/** An object as istiod tells it. */
export function configzObject(name: string, version: string, changes: { kind?: string; metadata?: object; spec?: object } = {}): object {
  const slash = name.indexOf("/");
  return {
    kind: changes.kind ?? "ServiceEntry",
    apiVersion: "networking.istio.io/v1",
    metadata: {
      name: name.slice(slash + 1),
      namespace: name.slice(0, slash),
      resourceVersion: version,
      creationTimestamp: "2100-01-01T00:00:00Z",
      ...changes.metadata,
    },
    spec: changes.spec ?? { hosts: ["a.dubbo"] },
  };
}

/** A good answer. */
export function configz(...objects: readonly object[]): ConfigzAnswer {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(objects));
  };
}
