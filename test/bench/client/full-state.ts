/**
 * Full state, as istiod asks for it: every type it knows. Of an answer it reads no more than its head
 * and the markers, so that the client does not become what is measured.
 */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { DiscoveryRequestSchema, DiscoveryResponseSchema } from "../../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { discoveryService } from "../../../src/xds/port/discovery-service.ts";
import { requestedTypes } from "../../support/fake-istiod.ts";
import { findMarkers, without } from "../load/marker.ts";
import { type Dialogue, istiod, serviceEntries, type Taken } from "./dialogue.ts";
import { heldEndpoints } from "./held-endpoints.ts";

export class FullState implements Dialogue {
  readonly method = discoveryService.StreamAggregatedResources;
  #newest: Buffer = Buffer.alloc(0);
  #markers = new Set<number>();

  open(): Buffer[] {
    return requestedTypes("1.30").map((typeUrl, index) =>
      request({ typeUrl, node: index === 0 ? istiod : undefined, responseNonce: `${new Date().toISOString()} m=+0.2` }),
    );
  }

  receive(answer: Buffer, send: (request: Buffer) => void): Taken | undefined {
    const { versionInfo, typeUrl, responseNonce, resources } = readHead(answer);
    send(request({ versionInfo, typeUrl, responseNonce, node: istiod }));
    if (typeUrl !== serviceEntries) return undefined;
    this.#newest = answer;
    const before = this.#markers;
    this.#markers = findMarkers(answer);
    return { resources, added: without(this.#markers, before), removed: without(before, this.#markers) };
  }

  inspect() {
    const { resources } = fromBinary(DiscoveryResponseSchema, this.#newest);
    return { services: resources.length, endpoints: resources.flatMap(({ value }) => heldEndpoints(value)) };
  }
}

function request(init: MessageInitShape<typeof DiscoveryRequestSchema>): Buffer {
  return Buffer.from(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, init)));
}

/** The response without its resources, which are only counted. */
function readHead(bytes: Buffer) {
  const head = { versionInfo: "", typeUrl: "", responseNonce: "", resources: 0 };
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) head.versionInfo = reader.string();
    else if (field === 4) head.typeUrl = reader.string();
    else if (field === 5) head.responseNonce = reader.string();
    else {
      if (field === 2) head.resources += 1;
      reader.skip(wireType, field);
    }
  }
  return head;
}
