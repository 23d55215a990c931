/** Reads istiod's `/debug/configz` from one port, object by object. */
import type { IncomingMessage } from "node:http";
import { ArraySplitter } from "./array-splitter.ts";
import { DumpError } from "./dump-error.ts";

// Not imported: an import reads every export of it, and some of those load a whole web client (25 ms of the start).
const { get } = process.getBuiltinModule("node:http");

export interface DumpLimits {
  /** Largest dump. 10,000 services with 10 endpoints each are 17 MB (observed). */
  readonly bytes: number;
  /** Largest object in it. */
  readonly objectBytes: number;
  /** Longest silence, ms; istiod needs 2.3 s for 10,000 services before it says anything (observed). */
  readonly silenceMs: number;
  /** Longest time for the whole, ms. */
  readonly totalMs: number;
}

export const defaultDumpLimits: DumpLimits = { bytes: 1024 ** 3, objectBytes: 64 * 1024 ** 2, silenceMs: 20_000, totalMs: 50_000 };

export interface DumpSize {
  readonly bytes: number;
  readonly objects: number;
}

/**
 * Hands every object of the dump to `take`; those before a failure as well.
 * @throws DumpError
 */
export async function readDump(port: number, limits: DumpLimits, take: (object: unknown) => void): Promise<DumpSize> {
  const deadline = AbortSignal.timeout(limits.totalMs);
  try {
    const response = await answer(port, limits, deadline);
    return await readBody(response, limits, take);
  } catch (error) {
    if (error instanceof DumpError) throw error;
    throw describe(error as NodeJS.ErrnoException, deadline.aborted, limits);
  }
}

function answer(port: number, limits: DumpLimits, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path: "/debug/configz", agent: false, timeout: limits.silenceMs, signal };
    let answered: IncomingMessage | undefined;
    const request = get(options, (response) => {
      answered = response;
      if (response.statusCode === 200) return resolve(response);
      response.destroy();
      reject(new DumpError("status", `it answers with status ${response.statusCode}`));
    });
    // An answer that has begun does not learn why its request is destroyed.
    request.on("timeout", () => (answered ?? request).destroy(new DumpError("timeout", `it was silent for ${limits.silenceMs / 1000} s`)));
    request.on("error", reject);
  });
}

async function readBody(response: IncomingMessage, limits: DumpLimits, take: (object: unknown) => void): Promise<DumpSize> {
  const splitter = new ArraySplitter(limits.objectBytes);
  let bytes = 0;
  let objects = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > limits.bytes) throw new DumpError("too-large", `the dump is larger than ${limits.bytes} bytes`);
    for (const element of splitter.push(chunk)) {
      take(parse(element));
      objects++;
    }
  }
  if (!splitter.finished) throw new DumpError("cut-off", `the dump ends in the middle, after ${bytes} bytes`);
  return { bytes, objects };
}

function parse(element: Buffer): unknown {
  try {
    return JSON.parse(element.toString());
  } catch {
    throw new DumpError("content", "an object in it is not JSON");
  }
}

function describe(error: NodeJS.ErrnoException, late: boolean, limits: DumpLimits): DumpError {
  if (late) return new DumpError("timeout", `it took longer than ${limits.totalMs / 1000} s`);
  if (error.code === "ECONNREFUSED") return new DumpError("no-answer", "nobody listens");
  if (error.code === "ECONNRESET") return new DumpError("cut-off", "the connection ended in the middle");
  // What speaks another protocol, for example.
  return new DumpError("content", error.message);
}
