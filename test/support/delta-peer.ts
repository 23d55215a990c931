/**
 * What a delta xDS client has to know, without a connection: what it subscribed to, what it holds, and which
 * requests that makes. It checks every response against the rules that hold for all of them, and it is the
 * client for which the rules of the protocol were made: whatever it takes back it drops at once, also where
 * a wildcard still covers it.
 */
import assert from "node:assert/strict";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
} from "../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";

export type DeltaRequestInit = MessageInitShape<typeof DeltaDiscoveryRequestSchema>;

export interface HeldResource {
  readonly name: string;
  readonly version: string;
  readonly resource: Any;
}

interface WatchedType {
  readonly subscriptions: Set<string>;
  readonly held: Map<string, HeldResource>;
}

/** Counted over the life of a peer, reconnects included. */
export interface DeltaCounts {
  responses: number;
  resources: number;
  removals: number;
  /** Resources that were sent although they were held in the same version. */
  repeated: number;
}

export class DeltaPeer {
  readonly counts: DeltaCounts = { responses: 0, resources: 0, removals: 0, repeated: 0 };
  readonly #types = new Map<string, WatchedType>();
  readonly #nonces = new Set<string>();

  /** What is held of a type, by name. */
  held(typeUrl: string): ReadonlyMap<string, HeldResource> {
    return this.#types.get(typeUrl)?.held ?? new Map();
  }

  /** Name → version of what is held. */
  versions(typeUrl: string): Record<string, string> {
    return Object.fromEntries([...this.held(typeUrl)].map(([name, { version }]) => [name, version]));
  }

  /** Whether a name is subscribed to, by itself or by `*` or `ns/*`. */
  covers(typeUrl: string, name: string): boolean {
    const subscriptions = this.#types.get(typeUrl)?.subscriptions;
    return [name, "*", `${name.split("/")[0]}/*`].some((pattern) => subscriptions?.has(pattern));
  }

  /** The request that subscribes; without names, the first of a type means everything. */
  subscribe(typeUrl: string, names: readonly string[] = []): DeltaDiscoveryRequest {
    const known = this.#types.get(typeUrl);
    const { subscriptions } = known ?? this.#watch(typeUrl);
    for (const name of known || names.length > 0 ? names : ["*"]) subscriptions.add(name);
    return request({ typeUrl, resourceNamesSubscribe: [...names] });
  }

  /** The request that takes back. */
  unsubscribe(typeUrl: string, names: readonly string[]): DeltaDiscoveryRequest {
    const { subscriptions, held } = this.#types.get(typeUrl) ?? this.#watch(typeUrl);
    for (const name of names) {
      subscriptions.delete(name);
      const prefix = name.endsWith("/*") ? name.slice(0, -1) : undefined;
      for (const each of [...held.keys()]) {
        if (each === name || (prefix !== undefined && each.startsWith(prefix)) || !this.covers(typeUrl, each)) held.delete(each);
      }
    }
    return request({ typeUrl, resourceNamesUnsubscribe: [...names] });
  }

  /** Takes over a response. @throws AssertionError where it breaks a rule */
  take(response: DeltaDiscoveryResponse): void {
    const { typeUrl, nonce, resources, removedResources } = response;
    const type = this.#types.get(typeUrl);
    assert.ok(type, `nobody asked for ${typeUrl}`);
    assert.ok(nonce !== "" && !this.#nonces.has(nonce), `nonce ${nonce} is empty or was there before`);
    this.#nonces.add(nonce);
    const names = [...resources.map(({ name }) => name), ...removedResources];
    assert.equal(new Set(names).size, names.length, `a name occurs twice: ${names}`);
    this.counts.responses += 1;
    this.counts.removals += removedResources.length;
    for (const name of removedResources) type.held.delete(name);
    for (const { name, version, resource } of resources) {
      this.counts.resources += 1;
      assert.ok(resource && version !== "", `${name} has no body or no version`);
      // On its way while it was taken back.
      if (!this.covers(typeUrl, name)) continue;
      if (type.held.get(name)?.version === version) this.counts.repeated += 1;
      type.held.set(name, { name, version, resource });
    }
  }

  /** The requests of a new stream: everything subscribed to, and what is held of it. */
  resume(): DeltaDiscoveryRequest[] {
    return [...this.#types].map(([typeUrl, { subscriptions }]) => {
      const initialResourceVersions = this.versions(typeUrl);
      // Nothing subscribed to must not look like the wildcard of a first request.
      if (subscriptions.size > 0) return request({ typeUrl, resourceNamesSubscribe: [...subscriptions], initialResourceVersions });
      return request({ typeUrl, resourceNamesSubscribe: ["*"], resourceNamesUnsubscribe: ["*"] });
    });
  }

  /** What a restarted client knows: its subscriptions. */
  forget(): void {
    for (const { held } of this.#types.values()) held.clear();
  }

  #watch(typeUrl: string): WatchedType {
    const type = { subscriptions: new Set<string>(), held: new Map<string, HeldResource>() };
    this.#types.set(typeUrl, type);
    return type;
  }
}

export function acknowledgement({ typeUrl, nonce }: DeltaDiscoveryResponse): DeltaDiscoveryRequest {
  return request({ typeUrl, responseNonce: nonce });
}

export function rejection({ typeUrl, nonce }: DeltaDiscoveryResponse, message: string): DeltaDiscoveryRequest {
  return request({ typeUrl, responseNonce: nonce, errorDetail: { code: 3, message } });
}

function request(init: DeltaRequestInit): DeltaDiscoveryRequest {
  return create(DeltaDiscoveryRequestSchema, init);
}
