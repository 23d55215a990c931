/** What a data server's HTTP port tells. Time-outs are in ms. */

import { type HostPort, hostPortText } from "../../host-port.ts";
import { type DataInfoId, parseDataInfoId } from "../data-info-id.ts";
import type { Segment } from "../messages/session-codec.ts";
import { getText } from "./get-text.ts";
import { javaString } from "./java-string.ts";
import { stringsIn } from "./session-pages.ts";

/** One id that a data server holds. */
export interface ListedDatum {
  readonly dataCenter: string;
  readonly id: DataInfoId;
  /** 0 for some time after the last one left. */
  readonly publishers: number;
}

/** Everything that this one server holds, its copies for others included. @throws Error */
export async function readDatumList(server: HostPort, timeout: number): Promise<ListedDatum[]> {
  const lines = stringsIn(await getText(server, "/digest/datum/getDataInfoIdList", timeout), server);
  return lines.flatMap((line) => {
    // A dataId may hold commas, a data center may not.
    const [first, last] = [line.indexOf(","), line.lastIndexOf(",")];
    const id = first < last ? parseDataInfoId(line.slice(first + 1, last)) : undefined;
    return id ? [{ dataCenter: line.slice(0, first), id, publishers: Number(line.slice(last + 1)) || 0 }] : [];
  });
}

/** What the server holds of one id; undefined: nothing. @throws Error */
export async function readDatum(server: HostPort, id: DataInfoId, dataCenter: string, timeout: number): Promise<Segment | undefined> {
  const query = new URLSearchParams({ dataId: id.dataId, group: id.group, instanceId: id.instanceId, dataCenter });
  const text = await getText(server, `/digest/datum/query?${query}`, timeout);
  try {
    return parseDatum(text, dataCenter);
  } catch (error) {
    throw new Error(`${hostPortText(server)}: what it holds of ${id.dataId} cannot be understood: ${(error as Error).message}`);
  }
}

/** @throws Error if it has not the form of a datum */
export function parseDatum(text: string, dataCenter: string): Segment | undefined {
  const datum = (JSON.parse(text, exactVersion as (key: string, value: unknown) => unknown) as Record<string, Datum | null>)[dataCenter];
  if (datum === null || datum === undefined) return undefined;
  if (typeof datum.version !== "bigint" || typeof datum.pubMap !== "object" || datum.pubMap === null) throw new Error("no datum");
  const zones = new Map<string, string[]>();
  for (const { cell, dataList } of Object.values(datum.pubMap)) {
    const zone = typeof cell === "string" ? cell : "";
    const data = zones.get(zone) ?? [];
    zones.set(zone, data);
    for (const box of Array.isArray(dataList) ? dataList : []) {
      const value = typeof box.object === "string" ? box.object : javaString(box.bytes);
      // What is no text is nothing that a client would understand either.
      if (value !== undefined) data.push(value);
    }
  }
  return { name: dataCenter, version: datum.version, zones };
}

interface Datum {
  readonly version: unknown;
  readonly pubMap: Readonly<Record<string, Publisher>> | null;
}

interface Publisher {
  readonly cell: unknown;
  readonly dataList: readonly { readonly bytes: unknown; readonly object: unknown }[] | null;
}

/** Versions of data grow beyond what a number holds; TypeScript's library does not know the third argument yet. */
function exactVersion(key: string, value: unknown, { source = "" }: { readonly source?: string }): unknown {
  return key === "version" && typeof value === "number" && /^\d+$/.test(source) ? BigInt(source) : value;
}
