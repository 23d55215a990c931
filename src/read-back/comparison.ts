/** What was sent against what istiod holds, object by object, in the order of the dump. Pure. */
import { creationTimeSeconds } from "../mesh/creation-time.ts";
import type { TypeKey } from "../snapshot/snapshot.ts";
import type { Difference, DifferenceState, StateCount } from "./findings.ts";

/** Per type, name → the version that istiod acknowledged. */
export type Expected = ReadonlyMap<TypeKey, ReadonlyMap<string, string>>;

/** What is left of an object of the dump. */
interface Held {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly createdAt: string;
}

/** The version of one of our objects, which istiod keeps as `resourceVersion`: 24 hexadecimal digits. Kubernetes' are numbers of at most 20. */
const ownVersion = /^[0-9a-f]{24}$/;

/** Names come from the dump; Kubernetes allows 63 + 1 + 253 characters. */
const longestName = 512;

export class Comparison {
  readonly #expected: Expected;
  readonly #maxDifferences: number;
  readonly #accepted = new Map<TypeKey, Set<string>>();
  readonly #others = new Map<TypeKey, Map<string, Difference>>();
  readonly #extras: Difference[] = [];
  readonly #extraCounts = new Map<TypeKey, number>();

  /** @param maxDifferences most that are listed; all are counted. */
  constructor(expected: Expected, maxDifferences: number) {
    this.#expected = expected;
    this.#maxDifferences = maxDifferences;
    for (const type of expected.keys()) {
      this.#accepted.set(type, new Set());
      this.#others.set(type, new Map());
    }
  }

  /** Takes one object of the dump; whatever is not an object of a type we own is ignored. */
  saw(object: unknown): void {
    const held = readHeld(object);
    const type = held?.type as TypeKey | undefined;
    const names = type && this.#expected.get(type);
    if (!held || !type || !names) return;
    const { name, version } = held;
    const sent = names.get(name);
    if (sent === undefined) this.#sawUnknown(type, held);
    else if (version === sent) this.#accepted.get(type)!.add(name);
    else this.#sawOther(type, name, sent, version);
  }

  /** To be called once, after the last object. */
  finish(): { readonly counts: readonly StateCount[]; readonly differences: readonly Difference[] } {
    const counts: StateCount[] = [];
    const differences: Difference[] = [];
    for (const [type, names] of this.#expected) {
      const byState = new Map<StateCount["state"], number>([["accepted", 0]]);
      for (const [name, sent] of names) {
        const difference = this.#differenceOf(type, name, sent);
        const state = difference?.state ?? "accepted";
        byState.set(state, (byState.get(state) ?? 0) + 1);
        if (difference && differences.length < this.#maxDifferences) differences.push(difference);
      }
      const extra = this.#extraCounts.get(type);
      if (extra !== undefined) byState.set("extra", extra);
      for (const [state, count] of byState) counts.push({ type, state, count });
    }
    const room = Math.max(0, this.#maxDifferences - differences.length);
    return { counts, differences: [...differences, ...this.#extras.slice(0, room)] };
  }

  #differenceOf(type: TypeKey, name: string, sent: string): Difference | undefined {
    const other = this.#others.get(type)?.get(name);
    if (other?.state === "shadowed") return other;
    if (this.#accepted.get(type)?.has(name)) return undefined;
    return other ?? { type, name, state: "missing", sent, held: undefined };
  }

  #sawOther(type: TypeKey, name: string, sent: string, held: string): void {
    const others = this.#others.get(type)!;
    const state: DifferenceState = ownVersion.test(held) ? "other-version" : "shadowed";
    // In both sources: the other one comes first and wins, whichever of the two the dump names first.
    if (others.get(name)?.state !== "shadowed") others.set(name, { type, name, state, sent, held });
  }

  /** Only what carries both of our marks, the form of the version and the time of creation, is ours. */
  #sawUnknown(type: TypeKey, { name, version, createdAt }: Held): void {
    if (!ownVersion.test(version) || Date.parse(createdAt) !== creationTimeSeconds * 1000) return;
    this.#extraCounts.set(type, (this.#extraCounts.get(type) ?? 0) + 1);
    if (this.#extras.length < this.#maxDifferences) this.#extras.push({ type, name, state: "extra", sent: undefined, held: version });
  }
}

function readHeld(object: unknown): Held | undefined {
  const { kind, apiVersion, metadata } = fieldsOf(object);
  const { name, namespace, resourceVersion, creationTimestamp } = fieldsOf(metadata);
  if (typeof kind !== "string" || typeof apiVersion !== "string" || typeof name !== "string") return undefined;
  const fullName = `${text(namespace)}/${name}`;
  if (fullName.length > longestName) return undefined;
  const group = apiVersion.slice(0, Math.max(0, apiVersion.indexOf("/")));
  return {
    type: `${group}/${kind}`,
    name: fullName,
    version: text(resourceVersion).slice(0, 64),
    createdAt: text(creationTimestamp),
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
