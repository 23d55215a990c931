/** Asks for what the versions of Nacos have under different paths: by the first path that a server knows. */
import { RequestRefused } from "../naming-source.ts";
import type { AccessSettings, NacosServer } from "../settings.ts";
import type { Credentials, Subject } from "./credentials.ts";
import { type HttpRequest, httpRequest } from "./http-request.ts";
import { bodyText, isAbsent } from "./other-versions.ts";

export interface PathVersion<T> {
  /** Below the context path. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the version calls the parameters; absent: as they are. */
  readonly query?: (query: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
  /** @throws RequestRefused if it cannot be understood */
  readonly read: (answer: Record<string, unknown>, query: Readonly<Record<string, string>>) => T;
}

/**
 * @returns asks with a query; it rejects with `RequestRefused` if the server has none of the paths or grants none
 */
export function firstKnownPath<T>(
  server: NacosServer,
  settings: AccessSettings,
  credentials: Credentials,
  versions: readonly PathVersion<T>[],
  connection: Pick<HttpRequest, "agent" | "signal"> = {},
): (query: Readonly<Record<string, string>>, subject?: Subject) => Promise<T> {
  let known: PathVersion<T> | undefined;
  return async (query, subject) => {
    const tried: string[] = [];
    for (const version of known ? [known] : versions) {
      const { path, headers = {} } = version;
      const request = { ...connection, path, query: version.query?.(query) ?? query, headers };
      const { status, text } = await askOnce(server, settings, credentials, request, subject);
      if (status === 200) {
        const read = version.read(parsed(text, version.path), query);
        known = version;
        return read;
      }
      tried.push(`${version.path}: ${status} ${bodyText(text)}`.trim());
      // One version may refuse what another grants: of 3.x the old paths are open to users and the new ones to administrators.
      if (!isAbsent(status) && status !== 401 && status !== 403) throw new RequestRefused(tried.join("; "));
    }
    throw new RequestRefused(tried.join("; "), "refused");
  };
}

/** Asks as whoever asks here; once more with a new token, where the old one is refused. */
export async function askOnce(
  server: NacosServer,
  settings: AccessSettings,
  credentials: Credentials,
  request: HttpRequest,
  subject?: Subject,
) {
  for (let attempt = 1; ; attempt++) {
    const headers = await credentials.headers(server, subject);
    // Over HTTP, the signature of a request about services is looked for among its parameters.
    const { ak, data, signature, ...others } = headers;
    const query =
      ak !== undefined && data !== undefined && signature !== undefined ? { ...request.query, ak, data, signature } : request.query;
    const answer = await httpRequest(server, settings, { ...request, ...(query && { query }), headers: { ...request.headers, ...others } });
    const refused = answer.status === 401 || answer.status === 403;
    if (!refused || attempt > 1 || !credentials.refused(headers)) return answer;
  }
}

/** @throws RequestRefused if an answer is no JSON object */
export function parsed(text: string, path: string): Record<string, unknown> {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === "object" && answer !== null) return answer as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new RequestRefused(`${path}: the answer is no JSON object: ${bodyText(text)}`);
}
