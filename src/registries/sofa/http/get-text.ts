/** Reads a page of a server's HTTP port. */
import { Agent, get } from "node:http";
import { type HostPort, hostPortText } from "../../host-port.ts";

/** Bytes; a list of a hundred thousand services has some ten million. */
const maxBytes = 64 * 1024 * 1024;
const agent = new Agent({ keepAlive: true });

/** The server answered, but not with the page. */
export class HttpStatus extends Error {
  readonly status: number;

  constructor(where: string, status: number) {
    super(`${where}: HTTP ${status}`);
    this.status = status;
  }
}

/**
 * @param path with its query, escaped
 * @param timeout ms for the whole answer
 * @throws HttpStatus for any status but 200, an Error that names the address for everything else
 */
export function getText(address: HostPort, path: string, timeout: number): Promise<string> {
  const where = `http://${hostPortText(address)}${path.replace(/\?.*/s, "")}`;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(error instanceof HttpStatus ? error : new Error(`${where}: ${reasonOf(error)}`));
    const request = get({ ...address, path, signal: AbortSignal.timeout(timeout), agent }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("error", fail);
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > maxBytes) response.destroy(new Error(`more than ${maxBytes} bytes`));
      });
      response.on("end", () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString());
        else fail(new HttpStatus(where, response.statusCode ?? 0));
      });
    });
    request.on("error", fail);
  });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  return error.name === "TimeoutError" || error.name === "AbortError" ? "no answer in time" : (error.code ?? error.message);
}
