/** A snapshot in memory: what the store does, without its speed; and resources to fill it with. */
import { hash } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { AnySchema, anyPack } from "@bufbuild/protobuf/wkt";
import { ResourceSchema } from "../../src/gen/istio/mcp/v1alpha1/resource_pb.ts";
import {
  ServiceEntry_Location,
  ServiceEntry_Resolution,
  ServiceEntrySchema,
} from "../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import type { Changes, Entry, ResourceTable, Snapshot, SnapshotListener, SnapshotSource, TypeKey } from "../../src/snapshot/snapshot.ts";
import { ownedTypes } from "../../src/snapshot/snapshot.ts";

class MemoryTable implements ResourceTable {
  readonly type: TypeKey;
  readonly digest: string;
  readonly byteLength: number;
  readonly #entries: ReadonlyMap<string, Entry>;

  constructor(type: TypeKey, entries: ReadonlyMap<string, Entry>) {
    this.type = type;
    this.#entries = entries;
    const lines = [...entries.values()].map((entry) => `${entry.name}\n${entry.version}`).sort();
    this.digest = hash("sha256", lines.join("\n"));
    this.byteLength = [...entries.values()].reduce((sum, entry) => sum + entry.framed.byteLength, 0);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(name: string): Entry | undefined {
    return this.#entries.get(name);
  }

  entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  chunks(): readonly Uint8Array[] {
    return [...this.#entries.values()].map((entry) => entry.framed);
  }
}

export class MemorySource implements SnapshotSource {
  readonly #log: { sequence: number; type: TypeKey; name: string; removed: boolean }[] = [];
  readonly #listeners = new Set<SnapshotListener>();
  #snapshot: Snapshot = publish(0, new Map(ownedTypes.map((type) => [type, new MemoryTable(type, new Map())])));

  current(): Snapshot {
    return this.#snapshot;
  }

  /** Publishes a snapshot with these changes. */
  update(type: TypeKey, changes: { set?: readonly Entry[]; remove?: readonly string[] }): void {
    const sequence = this.#snapshot.sequence + 1;
    const entries = new Map([...this.#snapshot.table(type).entries()].map((entry) => [entry.name, entry]));
    for (const entry of changes.set ?? []) {
      entries.set(entry.name, entry);
      this.#log.push({ sequence, type, name: entry.name, removed: false });
    }
    for (const name of changes.remove ?? []) {
      entries.delete(name);
      this.#log.push({ sequence, type, name, removed: true });
    }
    const tables = new Map(ownedTypes.map((key) => [key, this.#snapshot.table(key)]));
    tables.set(type, new MemoryTable(type, entries));
    this.#snapshot = publish(sequence, tables);
    for (const listener of this.#listeners) listener(this.#snapshot, new Set([type]));
  }

  changesSince(type: TypeKey, sequence: number): Changes {
    const latest = new Map<string, boolean>();
    for (const change of this.#log) if (change.type === type && change.sequence > sequence) latest.set(change.name, change.removed);
    const names = (removed: boolean) => [...latest].filter(([, gone]) => gone === removed).map(([name]) => name);
    return { updated: names(false), removed: names(true) };
  }

  subscribe(listener: SnapshotListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function publish(sequence: number, tables: ReadonlyMap<TypeKey, ResourceTable>): Snapshot {
  const digest = hash("sha256", [...tables.values()].map((table) => table.digest).join());
  return { sequence, digest, table: (type) => tables.get(type)! };
}

/** A ServiceEntry with `endpoints` endpoints whose content depends on `revision`. */
export function serviceEntry(name: string, revision = 1, endpoints = 1): Entry {
  const spec = create(ServiceEntrySchema, {
    hosts: [`${name.replace("/", ".")}.dubbo`],
    addresses: ["241.1.2.3"],
    location: ServiceEntry_Location.MESH_INTERNAL,
    resolution: ServiceEntry_Resolution.STATIC,
    ports: [{ number: 20880, name: "tcp-dubbo", protocol: "TCP" }],
    endpoints: Array.from({ length: endpoints }, (_, index) => ({
      address: `10.${revision % 256}.${index >> 8}.${index & 255}`,
      ports: { "tcp-dubbo": 20880 },
      labels: { application: "shop", version: "1.0.0", "tributary.registry": "zookeeper" },
    })),
  });
  return entry("istio.networking.v1alpha3.ServiceEntry", name, toBinary(ServiceEntrySchema, spec));
}

/** One resource, framed as it stands in a response. */
export function entry(message: string, name: string, body: Uint8Array, seenAt = Date.now()): Entry {
  const version = hash("sha256", body).slice(0, 16);
  const resource = create(ResourceSchema, {
    metadata: { name, version, createTime: { seconds: 4102444800n } },
    body: create(AnySchema, { typeUrl: `type.googleapis.com/${message}`, value: body }),
  });
  const any = toBinary(AnySchema, anyPack(ResourceSchema, resource));
  const framed = Buffer.concat([Buffer.from([0x12]), varint(any.byteLength), any]);
  const at = framed.indexOf(body);
  return { name, version, framed, body: framed.subarray(at, at + body.byteLength), seenAt };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
