/** Names of the services of all groups of a namespace. gRPC has no such list; the HTTP API has, for those who may administer. */
import type { ServiceName } from "../naming-source.ts";
import { RequestRefused } from "../naming-source.ts";
import { serviceText } from "../service-text.ts";
import type { AccessSettings, NacosServer } from "../settings.ts";
import type { Credentials } from "./credentials.ts";
import { firstKnownPath, type PathVersion } from "./known-path.ts";

const pageSize = 500;
/** Pages are cut from a set without order, so one that changes meanwhile is read again. */
const attempts = 3;

interface Page {
  readonly count: number;
  readonly names: readonly ServiceName[];
}

/** Of 3.x, and of 1.x and 2.x. */
const versions: readonly PathVersion<Page>[] = [
  { path: "/v3/admin/ns/service/list", read: (answer) => pageOf(answer.data, "totalCount", "pageItems") },
  { path: "/v1/ns/catalog/services", read: (answer) => pageOf(answer, "count", "serviceList") },
];

/** @throws RequestRefused, Error if no server answers */
export async function allServices(
  server: NacosServer,
  namespace: string,
  settings: AccessSettings,
  credentials: Credentials,
): Promise<readonly ServiceName[]> {
  const ask = firstKnownPath(server, settings, credentials, versions);
  const found = new Map<string, ServiceName>();
  for (let attempt = 1; ; attempt++) {
    let total = 0;
    for (let pageNo = 1; ; pageNo++) {
      const { count, names } = await ask({
        namespaceId: namespace,
        pageNo: String(pageNo),
        pageSize: String(pageSize),
        withInstances: "false",
        hasIpCount: "false",
        ignoreEmptyService: "false",
        serviceNameParam: "",
        groupNameParam: "",
      });
      total = count;
      for (const name of names) found.set(serviceText(name), name);
      if (names.length < pageSize) break;
    }
    if (found.size === total || attempt === attempts) return [...found.values()];
  }
}

function pageOf(json: unknown, countKey: string, listKey: string): Page {
  const page = (json ?? {}) as Record<string, unknown>;
  const list = page[listKey];
  const count = page[countKey];
  if (!Array.isArray(list) || typeof count !== "number") throw new RequestRefused("the server's list of services cannot be understood");
  const names = (list as ({ name?: unknown; groupName?: unknown } | null)[]).flatMap((entry) =>
    typeof entry?.name === "string" && typeof entry.groupName === "string" ? [{ group: entry.groupName, name: entry.name }] : [],
  );
  return { count, names };
}
