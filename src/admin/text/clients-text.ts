/** `tributary clients` and `/debug/clients`. */
import type { Client, ClientsResponse, ClientType } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { age } from "./ages.ts";
import { bytesText, columns, durationText, oneLine } from "./columns.ts";
import { kindOf } from "./status-text.ts";

export function clientsText({ clients }: ClientsResponse, now: number): string {
  if (clients.length === 0) return "no client is connected\n";
  const head = ["CLIENT", "PEER", "KIND", "PROTOCOL", "SINCE", "TYPE", "NAMES", "OBJECTS", "SENT", "STATE"];
  return columns([head, ...clients.flatMap((client) => rowsOf(client, now))]);
}

/** A row for each type; the client is named in the first. */
function rowsOf({ node, peer, kind, protocol, connected, types, shard }: Client, now: number): string[][] {
  const who = [
    node === "" ? "(unnamed)" : oneLine(node),
    shard === 0 ? peer : `${peer} (shard ${shard})`,
    kind,
    protocol,
    age(connected, now),
  ];
  if (types.length === 0) return [[...who, "asked for nothing yet"]];
  return types.map((type, at) => [...(at === 0 ? who : who.map(() => "")), ...typeCells(type)]);
}

function typeCells(type: ClientType): string[] {
  const { typeUrl, names, objects, sentBytes } = type;
  return [
    kindOf(oneLine(typeUrl)),
    names === undefined ? "all" : String(names),
    objects === undefined ? "?" : String(objects),
    bytesText(sentBytes),
    stateOf(type),
  ];
}

function stateOf({ held, rejection, unacknowledgedSeconds, current, sentVersion }: ClientType): string {
  if (held) return "waits for a complete view";
  if (rejection !== "") return `refused the last push: ${oneLine(rejection)}`;
  if (current) return "has everything";
  if (unacknowledgedSeconds > 0) return `push unacknowledged for ${durationText(unacknowledgedSeconds * 1000)}`;
  return sentVersion === "" ? "not answered yet" : "a push is due";
}
