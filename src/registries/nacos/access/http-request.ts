/** One request to a server's HTTP API, bounded in time and size. */
import http, { type Agent } from "node:http";
import https from "node:https";
import { type ConnectionOptions, checkServerIdentity } from "node:tls";
import { hostPortText } from "../../host-port.ts";
import { readTlsMaterial } from "../../tls-material.ts";
import type { TlsSettings } from "../../tls-settings.ts";
import type { AccessSettings, NacosServer } from "../settings.ts";

export interface HttpRequest {
  readonly method?: "GET" | "POST";
  /** Below the context path: `/v1/ns/service/list`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as the body of a form. */
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Keeps connections, made by `keepingAgent`; absent: the request has one of its own. */
  readonly agent?: Agent | undefined;
  /** Ends the request. */
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** Bytes; 10,000 services with all their instances have less. */
const maxBody = 64 * 1024 * 1024;

/** @throws Error that says which server did not answer, and why; whatever status it answers with is an answer */
export function httpRequest(server: NacosServer, settings: AccessSettings, request: HttpRequest): Promise<HttpAnswer> {
  const { method = "GET", path, query, form, headers, agent, signal } = request;
  const { scheme, host, port } = server;
  const search = query === undefined ? "" : `?${new URLSearchParams(query)}`;
  const body = form === undefined ? undefined : new URLSearchParams(form).toString();
  const secure = scheme === "https";
  return new Promise((resolve, reject) => {
    let failed = false;
    const fail = (error: NodeJS.ErrnoException): void => {
      if (failed) return;
      failed = true;
      // A kept connection that the server gave up while it was idle says nothing about the server.
      const again = sent.reusedSocket && error.code === "ECONNRESET" && !signal?.aborted;
      if (again) resolve(httpRequest(server, settings, { ...request, agent: undefined }));
      else reject(new Error(`${scheme}://${hostPortText(server)}: ${error.message || error.code}`, { cause: error }));
    };
    const timeout = AbortSignal.timeout(settings.requestTimeout);
    const sent = (secure ? https : http).request(
      {
        host,
        port,
        method,
        path: `${settings.contextPath}${path}${search}`,
        headers: { ...headers, ...(body !== undefined && { "content-type": "application/x-www-form-urlencoded" }) },
        agent: agent ?? false,
        signal,
        ...(secure && !agent && tlsOptions(host, settings.tls)),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > maxBody) sent.destroy(new Error(`the answer is longer than ${maxBody} bytes`));
          else chunks.push(chunk);
        });
        response.once("error", fail);
        response.once("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      },
    );
    const late = (): void => void sent.destroy(new Error(`no answer within ${settings.requestTimeout} ms`));
    timeout.addEventListener("abort", late, { once: true });
    sent.once("close", () => timeout.removeEventListener("abort", late));
    sent.once("error", fail);
    sent.end(body);
  });
}

/** @param most connections at a time. @throws TributaryError if a file of `tls` cannot be used */
export function keepingAgent({ scheme, host }: NacosServer, { tls }: AccessSettings, most: number): Agent {
  const options = { keepAlive: true, maxSockets: most, maxFreeSockets: most };
  return scheme === "https" ? new https.Agent({ ...options, ...tlsOptions(host, tls) }) : new http.Agent(options);
}

function tlsOptions(host: string, tls: TlsSettings | undefined): ConnectionOptions {
  if (!tls) return {};
  const name = tls.serverName ?? host;
  return {
    ...readTlsMaterial(tls),
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
    checkServerIdentity: (_, certificate) => (tls.verifyServerName ? checkServerIdentity(name, certificate) : undefined),
  };
}
