/**
 * The HTTP path to one API server: JSON answers, bounded and timed, and open watches. One agent for all
 * requests of a credential, so that they share TLS sessions and sockets; a connection lives as long as
 * its credential does.
 */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import type { ClusterCredential } from "../../../clusters/credential.ts";
import { ApiFailure, failureOfSocket, failureOfStatus } from "./api-failure.ts";
import { ExecToken } from "./exec-token.ts";

export interface ApiRequest {
  /** Path with its query: `/api/v1/services?limit=500`. */
  readonly path: string;
  readonly method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Default: JSON. */
  readonly accept?: string;
  readonly body?: { readonly type: string; readonly text: string };
  /** Default: the connection's own; ms until the answer is complete. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A page of a list has a few MB; bytes. */
const longestAnswer = 64 * 1024 * 1024;
/** Of an error's text, bytes. */
const longestError = 64 * 1024;

export class ClusterConnection {
  readonly credential: ClusterCredential;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #base: URL;
  readonly #timeoutMs: number;
  readonly #exec: ExecToken | undefined;
  readonly #open = new Set<AbortController>();
  #closed: ApiFailure | undefined;

  /** @param timeoutMs of requests that name none */
  constructor(credential: ClusterCredential, timeoutMs: number) {
    this.credential = credential;
    this.#timeoutMs = timeoutMs;
    this.#base = new URL(credential.server);
    this.#agent = agentFor(credential, this.#base);
    this.#exec = credential.exec && new ExecToken(credential.exec);
  }

  /**
   * The whole answer, parsed.
   * @throws ApiFailure
   */
  async json(request: ApiRequest): Promise<unknown> {
    return parseJson(await this.text(request));
  }

  /**
   * The whole answer.
   * @throws ApiFailure
   */
  text(request: ApiRequest): Promise<string> {
    return this.#timed(request.timeoutMs ?? this.#timeoutMs, request.signal, async (signal) => {
      const response = await this.#send(request, signal);
      const status = response.statusCode ?? 0;
      if (status < 200 || status >= 300) throw failureOfStatus(status, await readText(response, longestError));
      return readText(response, longestAnswer);
    });
  }

  /**
   * The body of an answer that does not end: a watch. The time-out holds until the answer begins; after that,
   * the body ends with the server, the signal, or the connection.
   * @throws ApiFailure, and so does reading from it
   */
  async open(request: ApiRequest): Promise<AsyncIterable<Buffer>> {
    return this.#timed(request.timeoutMs ?? this.#timeoutMs, request.signal, async (signal, keep) => {
      const response = await this.#send(request, signal);
      if (response.statusCode !== 200) throw failureOfStatus(response.statusCode ?? 0, await readText(response, longestError));
      keep(response);
      return bodyOf(response, signal);
    });
  }

  /** Breaks everything that is under way, for this reason; what comes later is tried on new sockets. */
  breakOff(failure: ApiFailure): void {
    for (const controller of this.#open) controller.abort(failure);
  }

  /** Ends for good: nothing can be asked any more. */
  close(): void {
    this.#closed = new ApiFailure("unreachable", "the connection was closed");
    this.breakOff(this.#closed);
    this.#agent.destroy();
  }

  /** Runs one exchange; `keep` lets it stay under the caller's signal and `breakOff` beyond its end. */
  async #timed<T>(
    timeoutMs: number,
    outer: AbortSignal | undefined,
    exchange: (signal: AbortSignal, keep: (response: IncomingMessage) => void) => Promise<T>,
  ): Promise<T> {
    if (this.#closed) throw this.#closed;
    const controller = new AbortController();
    const { signal } = controller;
    const cancel = (): void => controller.abort(outer?.reason);
    if (outer?.aborted) cancel();
    outer?.addEventListener("abort", cancel, { once: true });
    this.#open.add(controller);
    const timer = setTimeout(() => controller.abort(new ApiFailure("silent", `no complete answer within ${timeoutMs} ms`)), timeoutMs);
    const release = (): void => {
      this.#open.delete(controller);
      outer?.removeEventListener("abort", cancel);
    };
    let kept = false;
    try {
      return await exchange(signal, (response) => {
        kept = true;
        response.once("close", release);
      });
    } catch (error) {
      throw signal.aborted ? signal.reason : failureOfSocket(error as NodeJS.ErrnoException);
    } finally {
      clearTimeout(timer);
      if (!kept) release();
    }
  }

  async #send({ path, method = "GET", accept = "application/json", body }: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { protocol, hostname, port, pathname } = this.#base;
    const identity = identityHeaders(this.credential, await this.#exec?.get());
    const send = protocol === "http:" ? requestHttp : requestHttps;
    return new Promise((resolve, reject) => {
      const request = send(
        {
          agent: this.#agent,
          host: hostname.replace(/^\[(.*)\]$/, "$1"),
          port: port === "" ? (protocol === "http:" ? 80 : 443) : Number(port),
          path: `${pathname.replace(/\/$/, "")}${path}`,
          method,
          headers: {
            accept,
            "user-agent": "tributary",
            ...identity,
            ...(body && { "content-type": body.type, "content-length": Buffer.byteLength(body.text) }),
          },
        },
        (response) => {
          if (response.statusCode === 401) this.#exec?.refuse();
          resolve(response);
        },
      );
      // Node's own signal option would hide the reason.
      const cancel = (): void => void request.destroy(signal.reason as Error);
      if (signal.aborted) cancel();
      signal.addEventListener("abort", cancel, { once: true });
      request.once("close", () => signal.removeEventListener("abort", cancel));
      request.on("error", reject);
      request.end(body?.text);
    });
  }
}

/** @param made a token that a command made */
function identityHeaders({ token, impersonate }: ClusterCredential, made: string | undefined): Record<string, string | string[]> {
  const bearer = token ?? made;
  return {
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    ...(impersonate && { "impersonate-user": impersonate.user, "impersonate-group": [...impersonate.groups] }),
    ...(impersonate?.uid !== undefined && { "impersonate-uid": impersonate.uid }),
  };
}

function agentFor(credential: ClusterCredential, { protocol }: URL): HttpAgent | HttpsAgent {
  const { ca, certificate, key, skipTlsVerify, tlsServerName, proxy } = credential;
  const reuse = {
    keepAlive: true,
    scheduling: "lifo",
    ...(proxy !== undefined && { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } }),
  } as const;
  if (protocol === "http:") return new HttpAgent(reuse);
  return new HttpsAgent({
    ...reuse,
    minVersion: "TLSv1.2",
    // Whatever the environment says.
    rejectUnauthorized: skipTlsVerify !== true,
    ...(ca !== undefined && { ca }),
    ...(certificate !== undefined && { cert: certificate, key }),
    ...(tlsServerName !== undefined && { servername: tlsServerName }),
  });
}

async function* bodyOf(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer, void> {
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (error) {
    throw signal.aborted ? signal.reason : failureOfSocket(error as NodeJS.ErrnoException);
  }
}

async function readText(response: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) throw new ApiFailure("garbage", `an answer of more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiFailure("garbage", `an answer that is no JSON: ${(error as SyntaxError).message}`);
  }
}
