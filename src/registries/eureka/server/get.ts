/** One GET, bounded in time and size. */
import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from "node:http";
import { finished, pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";

export interface GetOptions {
  readonly request: (url: string, options: RequestOptions) => ClientRequest;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Agent;
  /** Of the connection: TLS, and who finds addresses. */
  readonly connection: RequestOptions;
  /** The server may say nothing for so long, ms. */
  readonly silence: number;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Of an answer with status 200; else empty. */
  readonly body: Buffer;
}

/** The server's own words failed, or its silence. */
export class GetFailed extends Error {
  /** The error of the connection, if that is why. */
  readonly socketError: NodeJS.ErrnoException | undefined;
  readonly socket: ClientRequest["socket"];
  /** It may only be that the server had closed a connection that was kept. */
  readonly reused: boolean;

  constructor(reason: string, request: ClientRequest, socketError?: NodeJS.ErrnoException) {
    super(reason);
    this.socketError = socketError;
    this.socket = request.socket;
    this.reused = request.reusedSocket;
  }
}

/** 100,000 instances have 90 MB. */
const largestBody = 128 * 1024 * 1024;
/** However steadily an answer trickles. */
const longestMs = 120_000;

/** @throws GetFailed */
export async function get(url: string, { request: open, headers, agent, connection, silence, signal }: GetOptions): Promise<Answer> {
  const request = open(url, { ...connection, agent, headers: { "accept-encoding": "gzip", ...headers }, signal });
  let reason: string | undefined;
  const giveUp = (why: string): void => {
    reason ??= why;
    request.destroy(new Error(why));
  };
  const patience = setTimeout(() => giveUp(`said nothing for ${silence} ms`), silence);
  const end = setTimeout(() => giveUp(`no whole answer within ${longestMs / 1_000} s`), longestMs);
  try {
    const response = await answered(request);
    const status = response.statusCode ?? 0;
    if (status !== 200) response.resume();
    const body = status === 200 ? await read(response, () => patience.refresh(), giveUp) : Buffer.alloc(0);
    if (status !== 200) await finished(response);
    return { status, headers: response.headers, body };
  } catch (error) {
    const { message } = error as Error;
    throw reason !== undefined ? new GetFailed(reason, request) : new GetFailed(message, request, error as NodeJS.ErrnoException);
  } finally {
    clearTimeout(patience);
    clearTimeout(end);
  }
}

function answered(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once("response", resolve);
    // Also what comes after the response: the stream itself tells it as well.
    request.on("error", reject);
    request.end();
  });
}

async function read(response: IncomingMessage, heard: () => void, giveUp: (why: string) => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const collect = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of source) {
      heard();
      size += chunk.length;
      if (size > largestBody) giveUp(`its answer is larger than ${largestBody} bytes`);
      chunks.push(chunk);
    }
  };
  if (response.headers["content-encoding"] === "gzip") await pipeline(response, createGunzip(), collect);
  else await pipeline(response, collect);
  return Buffer.concat(chunks, size);
}
