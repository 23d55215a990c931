/** The objects of a candidate state against what is served: lost, renamed, changed, added. */
import { setImmediate as turn } from "node:timers/promises";
import type { ObjectChange, ObjectChanges } from "../../admin/state-diff.ts";
import type { MeshObject } from "../../mesh/mesh-object.ts";
import { differences } from "../../mesh/object-diff.ts";
import { kindLabel, serviceAnnotation } from "../../mesh/own-names.ts";
import { sentObject } from "../../read-back/sent-object.ts";
import { type Entry, ownedTypes, type Snapshot, type TypeKey } from "../../snapshot/snapshot.ts";
import type { CandidateObjects } from "./candidate-state.ts";

/** Milliseconds of comparing between two turns of the event loop. */
const sliceMs = 4;
const order = { lost: 0, renamed: 1, changed: 2, added: 3 } as const;

export interface Compared extends ObjectChanges {
  /** Objects that changed while they were compared, and are left out. */
  readonly moving: number;
}

/** `before`: what was served when the candidate was made; `now`: what is served after. */
export async function compare(before: Snapshot, candidate: CandidateObjects, now: () => Snapshot, signal: AbortSignal): Promise<Compared> {
  const changes: ObjectChange[] = [];
  const lost: Named[] = [];
  const added: Named[] = [];
  let unchanged = 0;
  let moving = 0;
  let sliceEnd = performance.now() + sliceMs;
  const pause = async (): Promise<void> => {
    if (performance.now() < sliceEnd) return;
    await turn();
    signal.throwIfAborted();
    sliceEnd = performance.now() + sliceMs;
  };
  for (const type of ownedTypes) {
    const objects = candidate.get(type) ?? new Map<string, Entry | "same">();
    const table = before.table(type);
    const isMoving = (name: string) => now().table(type).get(name)?.version !== table.get(name)?.version;
    for (const entry of table.entries()) {
      await pause();
      const { name } = entry;
      const after = objects.get(name);
      if (after === "same") unchanged += 1;
      else if (isMoving(name)) moving += 1;
      else if (after === undefined) lost.push(named(type, entry));
      else changes.push({ type, name, change: "changed", fields: fieldsOf(type, entry, after) });
    }
    for (const [name, entry] of objects) {
      if (entry === "same" || table.get(name) !== undefined) continue;
      await pause();
      if (isMoving(name)) moving += 1;
      else added.push(named(type, entry));
    }
  }
  for (const change of renamed(lost, added)) {
    changes.push(change);
    await pause();
  }
  changes.sort((one, other) => order[one.change] - order[other.change] || (one.name < other.name ? -1 : 1));
  return { unchanged, moving, changes };
}

interface Named {
  readonly type: TypeKey;
  readonly name: string;
  readonly object: MeshObject | undefined;
  /** Equal for the same part of the same service of the same kind; undefined for ready objects. */
  readonly service: string | undefined;
}

function named(type: TypeKey, entry: Entry): Named {
  const object = sentObject(type, entry);
  return { type, name: entry.name, object, service: object && serviceOf(object) };
}

/** Of the parts of one service that differ by protocol, each has ports of other names. */
function serviceOf(object: MeshObject): string | undefined {
  const key = object.annotations[serviceAnnotation];
  if (object.kind !== "ServiceEntry" || key === undefined) return undefined;
  return JSON.stringify([object.labels[kindLabel], key, object.spec.ports.map(({ name }) => name)]);
}

/** One that is lost and one that is added, for the same service, are one that is renamed. */
function* renamed(lost: readonly Named[], added: readonly Named[]): Iterable<ObjectChange> {
  const waiting = Map.groupBy(added, ({ service }) => service);
  const taken = new Set<Named>();
  for (const { type, name, object, service } of lost) {
    const heir = service === undefined ? undefined : waiting.get(service)?.shift();
    if (heir === undefined) {
      yield { type, name, change: "lost", fields: [] };
      continue;
    }
    taken.add(heir);
    const fields = object && heir.object ? differences(object, heir.object).filter(({ field }) => field !== "hosts") : [];
    yield { type, name, change: "renamed", renamedTo: heir.name, fields };
  }
  for (const one of added) if (!taken.has(one)) yield { type: one.type, name: one.name, change: "added", fields: [] };
}

function fieldsOf(type: TypeKey, before: Entry, after: Entry): ObjectChange["fields"] {
  const [one, other] = [sentObject(type, before), sentObject(type, after)];
  return one && other ? differences(one, other) : [];
}
