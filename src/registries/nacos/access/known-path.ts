/** Asks for what the versions of Nacos have under different paths: by the first path that a server knows. */
import { RequestRefused } from "../naming-source.ts";
import type { AccessSettings, NacosServer } from "../settings.ts";
import type { Credentials } from "./credentials.ts";
import { httpRequest } from "./http-request.ts";
import { bodyText, isAbsent } from "./other-versions.ts";

export interface PathVersion<T> {
  /** Below the context path. */
  readonly path: string;
  /** @throws RequestRefused if it cannot be understood */
  readonly read: (answer: Record<string, unknown>) => T;
}

/**
 * @returns asks with a query; it rejects with `RequestRefused` if the server has none of the paths or grants none
 */
export function firstKnownPath<T>(
  server: NacosServer,
  settings: AccessSettings,
  credentials: Credentials,
  versions: readonly PathVersion<T>[],
): (query: Readonly<Record<string, string>>) => Promise<T> {
  let known: PathVersion<T> | undefined;
  return async (query) => {
    const tried: string[] = [];
    for (const version of known ? [known] : versions) {
      const { status, text } = await askOnce(server, settings, credentials, version.path, query);
      if (status === 200) {
        const read = version.read(parsed(text, version.path));
        known = version;
        return read;
      }
      tried.push(`${version.path}: ${status} ${bodyText(text)}`.trim());
      // One version may refuse what another grants: of 3.x the old paths are open to users and the new ones to administrators.
      if (!isAbsent(status) && status !== 401 && status !== 403) break;
    }
    throw new RequestRefused(tried.join("; "), "refused");
  };
}

async function askOnce(
  server: NacosServer,
  settings: AccessSettings,
  credentials: Credentials,
  path: string,
  query: Readonly<Record<string, string>>,
) {
  for (let attempt = 1; ; attempt++) {
    const headers = await credentials.headers(server);
    const answer = await httpRequest(server, settings, { path, query, headers });
    const refused = answer.status === 401 || answer.status === 403;
    if (!refused || attempt > 1 || !credentials.refused(headers)) return answer;
  }
}

function parsed(text: string, path: string): Record<string, unknown> {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === "object" && answer !== null) return answer as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new RequestRefused(`${path}: the answer is no JSON object: ${bodyText(text)}`);
}
