/** Which ids there are: SOFARegistry's clients cannot ask for that, its operators can. */

import type { HostPort } from "../../host-port.ts";
import { nameFilter } from "../../name-filter.ts";
import { type DataInfoId, dataInfoIdText, parseDataInfoId } from "../data-info-id.ts";
import { type ListedDatum, readDatumList } from "../http/data-pages.ts";
import { readServerHosts, readSessionIds } from "../http/session-pages.ts";
import type { SofaSettings } from "../settings.ts";

type Settings = Pick<
  SofaSettings,
  "requestTimeout" | "listing" | "endpoints" | "dataServers" | "dataIds" | "groups" | "instanceId" | "include" | "exclude" | "dataCenter"
>;

/** Each is a subscription. */
const maxServices = 100_000;

/** The ids to follow, by their texts. @throws Error if one server does not answer: a part of the list is none */
export async function listServices(settings: Settings): Promise<Map<string, DataInfoId>> {
  const ids = staticIds(settings);
  if (settings.listing === "static") return ids;
  const wanted = idFilter(settings);
  for (const id of settings.listing === "sessions" ? await sessionIds(settings) : await publishedIds(settings)) {
    if (wanted(id)) ids.set(dataInfoIdText(id), id);
  }
  if (ids.size > maxServices)
    throw new Error(`${ids.size} services are wanted, more than ${maxServices}; narrow \`groups\` or \`include\``);
  return ids;
}

/** What every data server holds. @throws Error if one does not answer, or if none knows the data center that is wanted */
export async function readDatumLists({ endpoints, dataServers, dataCenter, requestTimeout }: Settings) {
  const servers =
    dataServers ?? (await firstAnswer(endpoints, (endpoint) => readServerHosts(endpoint, "data", requestTimeout))).map(onDataPort);
  const lists = await Promise.all(
    servers.map(async (server): Promise<readonly [HostPort, ListedDatum[]]> => [server, await readDatumList(server, requestTimeout)]),
  );
  const dataCenters = new Set(lists.flatMap(([, data]) => data.map((datum) => datum.dataCenter)));
  if (dataCenter !== undefined && dataCenters.size > 0 && !dataCenters.has(dataCenter))
    throw new Error(noDataCenter(dataCenter, dataCenters));
  return lists;
}

function onDataPort(host: string): HostPort {
  return { host, port: 9622 };
}

export function noDataCenter(wanted: string, known: Iterable<string>): string {
  return `there is no data center ${JSON.stringify(wanted)}: the servers know ${[...known].sort().join(", ")}; correct \`dataCenter\` or leave it out`;
}

/** Whether an id is among those that the settings ask for. */
export function idFilter({ groups, instanceId, include, exclude }: Settings): (id: DataInfoId) => boolean {
  const named = nameFilter(include, exclude);
  return (id) => groups.includes(id.group) && id.instanceId === instanceId && named(id.dataId);
}

/** What is followed whatever any list says. */
export function staticIds({ dataIds, groups, instanceId }: Settings): Map<string, DataInfoId> {
  const ids = dataIds.flatMap((text) => parseDataInfoId(text) ?? groups.map((group) => ({ dataId: text, instanceId, group })));
  return new Map(ids.map((id) => [dataInfoIdText(id), id]));
}

async function sessionIds({ endpoints, requestTimeout }: Settings): Promise<DataInfoId[]> {
  // Each knows only its own clients.
  const servers = await firstAnswer(endpoints, async (endpoint) => {
    const hosts = await readServerHosts(endpoint, "session", requestTimeout);
    return hosts.map((host) => ({ host, port: endpoint.port }));
  });
  const lists = await Promise.all(servers.map((server) => readSessionIds(server, requestTimeout)));
  return lists.flat().flatMap((text) => parseDataInfoId(text) ?? []);
}

/** Of the first endpoint that answers. @throws what the first one said if none does */
async function firstAnswer<T>(endpoints: readonly HostPort[], ask: (endpoint: HostPort) => Promise<T>): Promise<T> {
  let failure: unknown;
  for (const endpoint of endpoints) {
    try {
      return await ask(endpoint);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

async function publishedIds(settings: Settings): Promise<DataInfoId[]> {
  const lists = await readDatumLists(settings);
  return lists.flatMap(([, data]) => data.map(({ id }) => id));
}
