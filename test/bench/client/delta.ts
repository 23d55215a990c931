/** Delta: asks for all ServiceEntries, holds what it was told, and says so when it connects again. */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { DeltaDiscoveryRequestSchema, DeltaDiscoveryResponseSchema } from "../../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { discoveryService } from "../../../src/xds/port/discovery-service.ts";
import { findMarkers, without } from "../load/marker.ts";
import { type Dialogue, istiod, serviceEntries, type Taken } from "./dialogue.ts";
import { heldEndpoints } from "./held-endpoints.ts";

interface Held {
  readonly version: string;
  readonly envelope: Uint8Array;
  readonly markers: ReadonlySet<number>;
}

const noMarkers: ReadonlySet<number> = new Set();

export class Delta implements Dialogue {
  readonly method = discoveryService.DeltaAggregatedResources;
  readonly #held = new Map<string, Held>();

  open(): Buffer[] {
    const initialResourceVersions = Object.fromEntries([...this.#held].map(([name, { version }]) => [name, version]));
    return [request({ typeUrl: serviceEntries, node: istiod, initialResourceVersions })];
  }

  receive(answer: Buffer, send: (request: Buffer) => void): Taken | undefined {
    const { typeUrl, nonce, resources, removedResources } = fromBinary(DeltaDiscoveryResponseSchema, answer);
    send(request({ typeUrl, responseNonce: nonce }));
    if (typeUrl !== serviceEntries) return undefined;
    const added: number[] = [];
    const removed: number[] = [];
    for (const { name, version, resource } of resources) {
      const { buffer, byteOffset, byteLength } = resource!.value;
      const before = this.#held.get(name)?.markers ?? noMarkers;
      const markers = findMarkers(Buffer.from(buffer, byteOffset, byteLength));
      this.#held.set(name, { version, envelope: resource!.value, markers: markers.size === 0 ? noMarkers : markers });
      added.push(...without(markers, before));
      removed.push(...without(before, markers));
    }
    for (const name of removedResources) {
      removed.push(...(this.#held.get(name)?.markers ?? noMarkers));
      this.#held.delete(name);
    }
    return { resources: resources.length, added, removed };
  }

  inspect() {
    return { services: this.#held.size, endpoints: [...this.#held.values()].flatMap(({ envelope }) => heldEndpoints(envelope)) };
  }
}

function request(init: MessageInitShape<typeof DeltaDiscoveryRequestSchema>): Buffer {
  return Buffer.from(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, init)));
}
