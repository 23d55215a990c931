/** The two ways to follow a server: requests and answers as bytes, what changed as a person wants to see it. */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import type { MethodDefinition } from "@grpc/grpc-js";
import {
  type ControlPlane,
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
  DiscoveryRequestSchema,
  DiscoveryResponseSchema,
} from "../../gen/envoy/service/discovery/v3/discovery_pb.ts";
import { ownedTypes, type TypeKey } from "../../snapshot/snapshot.ts";
import { deltaAggregatedResources, streamAggregatedResources } from "../port/discovery-service.ts";
import { type WatchedChanges, WatchedTable } from "./watched-object.ts";

/** What one answer of the server said. */
export interface WatchedAnswer extends WatchedChanges {
  readonly type: TypeKey;
  /** The table's digest. */
  readonly version: string;
  /** False while the server still waits for a required registry. */
  readonly complete: boolean;
  /** The first answer of this watch for the type: everything is `added`. */
  readonly initial: boolean;
  /** Objects there are now. */
  readonly size: number;
}

/** What is held, by type; it outlives connections. */
export type WatchedTables = Map<TypeKey, WatchedTable>;

export interface WatchProtocol {
  readonly method: MethodDefinition<Buffer, Buffer>;
  /** The request with which a stream asks for a type. */
  ask(type: TypeKey, tables: WatchedTables, node: { readonly id: string } | undefined): Buffer;
  /** Takes an answer over; undefined when it is for no type of ours. `acknowledgement` is to be sent when it was read. */
  take(bytes: Buffer, tables: WatchedTables): { readonly answer: WatchedAnswer; readonly acknowledgement: Buffer } | undefined;
}

/** Full state: every answer is all there is. */
export const watchSotw: WatchProtocol = {
  method: streamAggregatedResources,
  ask: (type, _tables, node) => sotwRequest({ typeUrl: typeUrlOf(type), node }),
  take(bytes, tables) {
    const { typeUrl, versionInfo, nonce, resources, controlPlane } = fromBinary(DiscoveryResponseSchema, bytes);
    const answer = answerOf(typeUrl, versionInfo, controlPlane, tables, (table) => table.replace(resources));
    return answer && { answer, acknowledgement: sotwRequest({ typeUrl, versionInfo, responseNonce: nonce }) };
  },
};

/** Delta: an answer is what changed; a new stream says what is held, and is told the difference. */
export const watchDelta: WatchProtocol = {
  method: deltaAggregatedResources,
  ask(type, tables, node) {
    const initialResourceVersions = tables.get(type)?.versions() ?? {};
    return deltaRequest({ typeUrl: typeUrlOf(type), node, resourceNamesSubscribe: ["*"], initialResourceVersions });
  },
  take(bytes, tables) {
    const { typeUrl, systemVersionInfo, nonce, resources, removedResources, controlPlane } = fromBinary(
      DeltaDiscoveryResponseSchema,
      bytes,
    );
    const updated = resources.flatMap(({ resource }): Any[] => (resource ? [resource] : []));
    const answer = answerOf(typeUrl, systemVersionInfo, controlPlane, tables, (table) => table.update(updated, removedResources));
    return answer && { answer, acknowledgement: deltaRequest({ typeUrl, responseNonce: nonce }) };
  },
};

function answerOf(
  typeUrl: string,
  version: string,
  controlPlane: ControlPlane | undefined,
  tables: WatchedTables,
  apply: (table: WatchedTable) => WatchedChanges,
): WatchedAnswer | undefined {
  const type = ownedTypes.find((each) => typeUrlOf(each) === typeUrl);
  if (!type) return undefined;
  const known = tables.get(type);
  const table = known ?? new WatchedTable();
  const changes = apply(table);
  tables.set(type, table);
  const complete = !controlPlane?.identifier.endsWith(" incomplete");
  return { type, version, complete, initial: known === undefined, size: table.size, ...changes };
}

/** The version in a type URL does not matter to the server. */
function typeUrlOf(type: TypeKey): string {
  return type.replace("/", "/v1/");
}

function sotwRequest(request: MessageInitShape<typeof DiscoveryRequestSchema>): Buffer {
  return Buffer.from(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, request)));
}

function deltaRequest(request: MessageInitShape<typeof DeltaDiscoveryRequestSchema>): Buffer {
  return Buffer.from(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, request)));
}
