/** Resources of a response as a person wants to see them, and what changed between two responses. */
import { fromBinary, type Message } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { type Any, anyUnpack } from "@bufbuild/protobuf/wkt";
import { type Resource, ResourceSchema } from "../../gen/istio/mcp/v1alpha1/resource_pb.ts";
import {
  type ServiceEntry,
  ServiceEntrySchema,
  type Sidecar,
  SidecarSchema,
  type WorkloadEntry,
  WorkloadEntrySchema,
} from "../../gen/istio/networking/v1alpha3/networking_pb.ts";

export type WatchedSpec = ServiceEntry | WorkloadEntry | Sidecar;

export interface WatchedObject {
  /** "namespace/name". */
  readonly name: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Undefined for a message that this program does not know. */
  readonly spec: WatchedSpec | undefined;
}

export interface WatchedChanges {
  readonly added: readonly WatchedObject[];
  readonly changed: readonly WatchedObject[];
  /** As they were last seen. */
  readonly removed: readonly WatchedObject[];
}

const specSchemas: readonly (GenMessage<ServiceEntry> | GenMessage<WorkloadEntry> | GenMessage<Sidecar>)[] = [
  ServiceEntrySchema,
  WorkloadEntrySchema,
  SidecarSchema,
];

/** What a client holds of one type; encoded, because most of it is never looked at. */
export class WatchedTable {
  #resources = new Map<string, { readonly version: string; readonly bytes: Uint8Array }>();

  get size(): number {
    return this.#resources.size;
  }

  /** Name → version of what is held. */
  versions(): Record<string, string> {
    return Object.fromEntries([...this.#resources].map(([name, { version }]) => [name, version]));
  }

  /** Takes over what changed. @throws when a resource is not what it should be */
  update(resources: readonly Any[], gone: readonly string[]): WatchedChanges {
    const added: WatchedObject[] = [];
    const changed: WatchedObject[] = [];
    for (const { value } of resources) {
      const resource = fromBinary(ResourceSchema, value);
      const { name = "", version = "" } = resource.metadata ?? {};
      const old = this.#resources.get(name);
      this.#resources.set(name, { version, bytes: value.slice() }); // a copy, so as not to keep the whole answer
      if (!old) added.push(readObject(resource));
      else if (old.version !== version || version === "") changed.push(readObject(resource));
    }
    const removed: WatchedObject[] = [];
    for (const name of gone) {
      const old = this.#resources.get(name);
      if (old) removed.push(readObject(fromBinary(ResourceSchema, old.bytes)));
      this.#resources.delete(name);
    }
    return { added, changed, removed };
  }

  /** Takes over a full-state answer; what it lacks is removed. @throws when a resource is not what it should be */
  replace(resources: readonly Any[]): WatchedChanges {
    const before = this.#resources;
    const after = new Map<string, { version: string; bytes: Uint8Array }>();
    const added: WatchedObject[] = [];
    const changed: WatchedObject[] = [];
    for (const { value } of resources) {
      const resource = fromBinary(ResourceSchema, value);
      const { name = "", version = "" } = resource.metadata ?? {};
      const old = before.get(name);
      if (old && old.version === version && version !== "") {
        after.set(name, old);
        continue;
      }
      after.set(name, { version, bytes: value.slice() }); // a copy, so as not to keep the whole answer
      (old ? changed : added).push(readObject(resource));
    }
    const gone = [...before].filter(([name]) => !after.has(name));
    const removed = gone.map(([, { bytes }]) => readObject(fromBinary(ResourceSchema, bytes)));
    this.#resources = after;
    return { added, changed, removed };
  }
}

function readObject({ metadata, body }: Resource): WatchedObject {
  const { name = "", version = "", labels = {}, annotations = {} } = metadata ?? {};
  let spec: Message | undefined;
  for (const schema of specSchemas) if (body) spec ??= anyUnpack(body, schema as GenMessage<Message>);
  return { name, version, labels, annotations, spec: spec as WatchedSpec | undefined };
}
