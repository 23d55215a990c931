/** One server: what it says of all instances, and of those that changed in the last minutes. */
import type { Agent, RequestOptions } from "node:http";
import type { LookupFunction } from "node:net";
import { TLSSocket } from "node:tls";
import { connectionFailed } from "../../socket-failure.ts";
import type { TlsSettings } from "../../tls-settings.ts";
import type { Copy, Peer } from "../cluster.ts";
import type { Login, ServerAddress } from "../settings.ts";
import { type Applications, readApplications } from "../wire/applications.ts";
import { ServerFailure } from "./failure.ts";
import { type Answer, GetFailed, get } from "./get.ts";

export interface ServerOptions {
  readonly auth?: Login | undefined;
  readonly tls?: TlsSettings | undefined;
  readonly requestTimeout: number;
  readonly lookup: LookupFunction;
}

/** Characters of a server's word that are repeated. */
const longestQuote = 120;

export class EurekaServer implements Peer {
  readonly url: string;
  readonly #options: ServerOptions;
  readonly #login: Login | undefined;
  readonly #stopping = new AbortController();
  /** Keeps the connection: behind one name there may be several servers, and what they say differs by some seconds. */
  #agent: Agent | undefined;

  constructor({ url, login }: ServerAddress, options: ServerOptions) {
    this.url = url;
    this.#options = options;
    this.#login = login ?? options.auth;
  }

  async applications(): Promise<Copy> {
    const answer = await this.#get("/apps");
    if (answer.status !== 200) throw this.#refusal(answer);
    const date = Date.parse(answer.headers.date ?? "");
    return { ...this.#read(answer), date: Number.isNaN(date) ? undefined : date };
  }

  async delta(): Promise<Applications | undefined> {
    const answer = await this.#get("/apps/delta");
    if (answer.status === 403 || answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.#refusal(answer);
    return this.#read(answer);
  }

  close(): void {
    this.#stopping.abort();
    this.#agent?.destroy();
  }

  async #get(path: string): Promise<Answer> {
    try {
      return await this.#ask(path);
    } catch (error) {
      // A server may close a connection just when it is used again.
      if (error instanceof GetFailed && error.reused && error.socketError?.code === "ECONNRESET") return this.#ask(path).catch(fail);
      return fail(error);
    }
  }

  async #ask(path: string): Promise<Answer> {
    const { lookup, requestTimeout } = this.#options;
    const secure = this.url.startsWith("https:");
    const http = secure ? await import("node:https") : await import("node:http");
    this.#agent ??= new http.Agent({ keepAlive: true, maxSockets: 1 });
    const headers = {
      // Else it speaks XML.
      accept: "application/json",
      ...(this.#login && { authorization: `Basic ${Buffer.from(`${this.#login.user}:${this.#login.password}`).toString("base64")}` }),
    };
    const connection = { lookup, ...(secure && (await this.#tls())) };
    return get(this.url + path, {
      request: http.request,
      headers,
      agent: this.#agent,
      connection,
      silence: requestTimeout,
      signal: this.#stopping.signal,
    });
  }

  async #tls(): Promise<RequestOptions> {
    const { tlsOptions } = await import("../../tls-connection.ts");
    return tlsOptions(new URL(this.url).hostname.replace(/^\[|\]$/g, ""), this.#options.tls ?? { verifyServerName: true });
  }

  #read({ headers, body }: Answer): Applications {
    let json: unknown;
    try {
      json = JSON.parse(body.toString());
    } catch {
      throw new ServerFailure(`answers ${quote(headers["content-type"] ?? "something")} that is no JSON`, true);
    }
    const applications = readApplications(json);
    if (!applications) throw new ServerFailure("answers JSON without applications: it is no Eureka server", true);
    return applications;
  }

  #refusal({ status, headers }: Answer): ServerFailure {
    const who = this.#login ? `user ${this.#login.user} with this password` : "anybody without user and password";
    if (status === 401) return new ServerFailure(`401: it does not let ${who} in`, true);
    if (status === 403) return new ServerFailure("403: it is not ready, or this user may not read it", false);
    if (status === 404) {
      return new ServerFailure("404: there is no Eureka at this path; applications of Spring name one that ends in /eureka/", true);
    }
    const where = headers.location === undefined ? "" : `, to ${quote(headers.location)}`;
    return new ServerFailure(`status ${status}${where}`, status < 500);
  }
}

async function fail(error: unknown): Promise<never> {
  if (!(error instanceof GetFailed)) throw new ServerFailure((error as Error).message, true);
  const { message, socket, socketError } = error;
  if (socketError === undefined) throw new ServerFailure(message, false);
  if (socket instanceof TLSSocket) {
    const { tlsFailure } = await import("../../tls-connection.ts");
    const { reason, refused } = tlsFailure(socketError, socket);
    throw new ServerFailure(reason, refused);
  }
  // A server that speaks something else.
  if (socketError.code?.startsWith("HPE_")) throw new ServerFailure(`answers something that is no HTTP: ${socketError.code}`, true);
  throw new ServerFailure(connectionFailed(socketError).reason, false);
}

function quote(text: string): string {
  return text.slice(0, longestQuote).replace(/\p{Cc}/gu, "\ufffd");
}
