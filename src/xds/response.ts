/**
 * The bytes of a response. Resources are encoded once per change and only spliced in here, after a
 * small head with the fields that differ per response.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { DeltaDiscoveryResponseSchema, DiscoveryResponseSchema } from "../gen/envoy/service/discovery/v3/discovery_pb.ts";

export interface ResponseHead {
  readonly version: string;
  readonly typeUrl: string;
  readonly nonce: string;
  /** Who answers; ends in ` incomplete` while a required registry is missing from the view. */
  readonly controlPlane: string;
}

/** All fields but the resources. Protobuf lets fields come in any order, so the resources follow. */
export function encodeHead(head: ResponseHead): Uint8Array {
  const { version: versionInfo, typeUrl, nonce, controlPlane: identifier } = head;
  return toBinary(DiscoveryResponseSchema, create(DiscoveryResponseSchema, { versionInfo, typeUrl, nonce, controlPlane: { identifier } }));
}

export interface DeltaHead extends ResponseHead {
  readonly removed: readonly string[];
}

/** The same for a DeltaDiscoveryResponse. */
export function encodeDeltaHead(head: DeltaHead): Uint8Array {
  const { version: systemVersionInfo, typeUrl, nonce, controlPlane: identifier, removed } = head;
  const fields = { systemVersionInfo, typeUrl, nonce, controlPlane: { identifier }, removedResources: [...removed] };
  return toBinary(DeltaDiscoveryResponseSchema, create(DeltaDiscoveryResponseSchema, fields));
}

/** gRPC's prefix of an uncompressed message. @throws RangeError when the message exceeds 4 GiB. */
export function grpcPrefix(messageBytes: number): Uint8Array {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(messageBytes, 1);
  return prefix;
}

/**
 * Below this size copying is cheaper than one more write. A table's leaves are larger: a push of a thousand of
 * them in one vectored write takes no longer than one of a few large ones, and copying them would.
 */
const smallPiece = 8 * 1024;

/** Joins runs of small pieces, leaves large ones as they are. */
export function coalesce(pieces: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = [];
  let run: Uint8Array[] = [];
  let runBytes = 0;
  const endRun = () => {
    if (run.length > 0) joined.push(run.length === 1 ? run[0]! : Buffer.concat(run, runBytes));
    run = [];
    runBytes = 0;
  };
  for (const piece of pieces) {
    if (piece.byteLength >= smallPiece) {
      endRun();
      joined.push(piece);
      continue;
    }
    run.push(piece);
    runBytes += piece.byteLength;
    if (runBytes >= smallPiece) endRun();
  }
  endRun();
  return joined;
}
