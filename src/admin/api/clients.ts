/** AdminService.Clients: who is connected to the xDS port, and what of it they have. */
import { create } from "@bufbuild/protobuf";
import { type ClientsResponse, ClientsResponseSchema } from "../../gen/tributary/admin/v1/admin_pb.ts";
import type { SubscriptionView } from "../../xds/stream/client-view.ts";
import type { Inspection } from "./inspection.ts";
import { instant } from "./instants.ts";

export function clientsOf({ clients }: Inspection, now: number): ClientsResponse {
  return create(ClientsResponseSchema, { clients: clients().map((view) => client(view, now)) });
}

function client({ nodeId, peer, kind, protocol, ageMs, subscriptions, shard }: ReturnType<Inspection["clients"]>[number], now: number) {
  return { node: nodeId, peer, kind, protocol, connected: instant(now - ageMs), types: subscriptions.map(clientType), shard };
}

function clientType(view: SubscriptionView) {
  return {
    typeUrl: view.typeUrl,
    names: view.names,
    sentVersion: view.sentVersion,
    ackedVersion: view.ackedVersion,
    sentResources: view.sentResources,
    sentBytes: view.sentBytes,
    current: view.current,
    unacknowledgedSeconds: (view.unackedMs ?? 0) / 1000,
    held: view.held,
    objects: view.objects,
    rejection: view.rejection,
  };
}
