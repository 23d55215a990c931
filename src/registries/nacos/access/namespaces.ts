/** The namespaces that a server has. */
import { RequestRefused } from "../naming-source.ts";
import type { AccessSettings } from "../settings.ts";
import type { Credentials } from "./credentials.ts";
import { firstKnownPath, type PathVersion } from "./known-path.ts";

export interface Namespace {
  /** `public` for the one that everybody has. */
  readonly id: string;
  /** For people. */
  readonly name: string;
}

/** Of 3.x, for administrators; of 1.x and 2.x, for everybody. */
const versions: readonly PathVersion<readonly Namespace[]>[] = [
  { path: "/v3/admin/core/namespace/list", read: namespacesIn },
  { path: "/v1/console/namespaces", read: namespacesIn },
];

/**
 * Asks one server after the other.
 * @throws RequestRefused if a server answers but does not tell, Error if none answers
 */
export async function listNamespaces(settings: AccessSettings, credentials: Credentials): Promise<readonly Namespace[]> {
  let failure: unknown;
  for (const server of settings.servers) {
    try {
      return await firstKnownPath(server, settings, credentials, versions)({});
    } catch (error) {
      if (error instanceof RequestRefused || !(failure instanceof RequestRefused)) failure = error;
    }
  }
  throw failure;
}

function namespacesIn({ data }: Record<string, unknown>): readonly Namespace[] {
  if (!Array.isArray(data)) throw new RequestRefused("the server's list of namespaces cannot be understood");
  return (data as ({ namespace?: unknown; namespaceShowName?: unknown } | null)[]).flatMap((entry) => {
    if (typeof entry?.namespace !== "string") return [];
    // The public one has an empty id before 3.0.
    const id = entry.namespace || "public";
    return [{ id, name: typeof entry.namespaceShowName === "string" ? entry.namespaceShowName : id }];
  });
}
