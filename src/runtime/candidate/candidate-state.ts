/**
 * What would be served if the registries said what they say now and the configuration were
 * another: a second catalog and publisher over the running catalog's items. What comes out as it is
 * served already is only counted; the rest is kept until it is compared.
 */
import { setImmediate as turn } from "node:timers/promises";
import { Catalog } from "../../catalog/catalog.ts";
import type { MeshConfig, RegistryConfig } from "../../config/schema.ts";
import type { MergingConfig } from "../../config/sections/merging-schema.ts";
import { silentLogger } from "../../log/logger.ts";
import { compileMeshPolicy } from "../../mesh/policy.ts";
import { translateResource } from "../../mesh/ready-resource.ts";
import { translateService } from "../../mesh/service-entry.ts";
import { VipTable } from "../../mesh/vip.ts";
import { kinds } from "../../registries/kinds.ts";
import { type EncodedObject, encodeObject } from "../../snapshot/encode.ts";
import type { Snapshot, TypeKey } from "../../snapshot/snapshot.ts";
import { Publisher } from "../publisher.ts";

/** Milliseconds of feeding between two turns of the event loop. */
const sliceMs = 4;
/** Changed keys that the publisher takes over in one turn. */
const portion = 1_000;

/** By type, name → the object, or `same` for one that is served so already. */
export type CandidateObjects = ReadonlyMap<TypeKey, ReadonlyMap<string, EncodedObject | "same">>;

/** What a candidate configuration decides here. */
export interface CandidateSettings {
  readonly mesh: MeshConfig;
  readonly merging: MergingConfig;
  /** Those of its registries in the clusters that are known. */
  readonly sources: readonly RegistryConfig[];
}

export async function candidateState(
  next: CandidateSettings,
  running: Catalog,
  served: Snapshot,
  signal: AbortSignal,
): Promise<CandidateObjects> {
  const objects = new Map<TypeKey, Map<string, EncodedObject | "same">>();
  const namesOf = (type: TypeKey) => {
    let names = objects.get(type);
    if (names === undefined) {
      names = new Map();
      objects.set(type, names);
    }
    return names;
  };
  const policy = compileMeshPolicy(next.mesh);
  const catalog = new Catalog({ kinds, mesh: next.mesh, merging: next.merging, log: silentLogger, relist() {} });
  const portions = inPortions(catalog);
  const publisher = new Publisher({
    // Complete, as far as it can be: there is nothing to wait for.
    catalog: { drain: portions.next, get: (key) => catalog.get(key), isComplete: () => true },
    vips: new VipTable(next.mesh.vipCidr),
    translate: (entry, vip) =>
      entry.kind === "service" ? translateService(entry.service, policy, vip) : translateResource(entry.passed, policy),
    encode: encodeObject,
    store: {
      stage({ upserts = [], removals = [] }) {
        for (const { type, name } of removals) namesOf(type).delete(name);
        for (const object of upserts) {
          const isSame = served.table(object.type).get(object.name)?.version === object.version;
          namesOf(object.type).set(object.name, isSame ? "same" : detached(object));
        }
      },
      publish: () => served,
    },
    keep() {},
    published() {},
  });
  try {
    catalog.setRegistries(next.sources);
    await feed(catalog, next.sources, running, signal);
    await new Promise<void>((resolve, reject) => {
      publisher.onIdle(() => (portions.isEmpty() ? resolve() : publisher.schedule()));
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      publisher.schedule();
    });
    return objects;
  } finally {
    publisher.close();
    catalog.close();
  }
}

async function feed(catalog: Catalog, sources: readonly RegistryConfig[], running: Catalog, signal: AbortSignal): Promise<void> {
  let sliceEnd = performance.now() + sliceMs;
  const types = new Map(running.reports().map(({ id, type }) => [id, type]));
  for (const { id: registry, type, protection } of sources) {
    const source = types.get(registry) === type ? running.kept(registry) : undefined;
    for (const id of source?.ids() ?? []) {
      const entry = source?.entry(id);
      // What would leave at the next tick of a timer is gone already: nobody waits for one here.
      const emptySince = entry?.what === "kept" ? entry.item.emptySince : undefined;
      const hasExpired = emptySince !== undefined && emptySince + protection.emptyServiceFor <= Date.now();
      if (entry?.what === "kept" && !hasExpired) catalog.restore(registry, id, entry.item);
      if (performance.now() < sliceEnd) continue;
      await turn();
      signal.throwIfAborted();
      sliceEnd = performance.now() + sliceMs;
    }
  }
}

/** Everything is dirty at once here, and taking it over in one turn would take too long. */
function inPortions(catalog: Catalog) {
  const waiting: string[] = [];
  return {
    isEmpty: () => waiting.length === 0,
    next() {
      const { keys, seenAt } = catalog.drain();
      for (const key of keys) waiting.push(key);
      return { keys: waiting.splice(-portion), seenAt };
    },
  };
}

/** An encoded object lies in a slab with hundreds of others; one that is kept must not keep all of them. */
function detached(object: EncodedObject): EncodedObject {
  const framed = object.framed.slice();
  const offset = object.body.byteOffset - object.framed.byteOffset;
  return { ...object, framed, body: framed.subarray(offset, offset + object.body.length) };
}
