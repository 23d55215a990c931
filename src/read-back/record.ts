/** What the read-backs so far have shown: the answer to "did istiod take it". */
import type { SnapshotSource, TypeKey } from "../snapshot/snapshot.ts";
import type { ChangedNames } from "./changed-names.ts";
import type { Difference, Failure, FailureReason, Findings, StateCount } from "./findings.ts";
import { type Guess, guess } from "./guess.ts";
import { sentObject } from "./sent-object.ts";
import type { ReadBackSummary, ReadBackView, ResourceReadBack } from "./view.ts";

/** A difference, and the epoch ms of the first read-back that found it. */
export interface KnownDifference extends Difference {
  readonly since: number;
}

interface Success {
  /** Epoch ms. */
  readonly at: number;
  readonly durationMs: number;
  readonly findings: Findings;
  /** The names that changed since istiod acknowledged what was compared. */
  readonly changed: ChangedNames;
  readonly counts: readonly StateCount[];
  readonly differences: ReadonlyMap<string, KnownDifference>;
  /** More differences than were listed. */
  readonly unlisted: boolean;
}

export class ReadBackRecord implements ReadBackView {
  readonly #source: SnapshotSource;
  #last: Success | undefined;
  #lastFailure: ReadBackSummary["lastFailure"];
  #successes = 0;
  readonly #failures: Partial<{ [reason in FailureReason]: number }> = {};

  constructor(source: SnapshotSource) {
    this.#source = source;
  }

  /**
   * Takes over what was found, without what has changed since `changed` began, and returns the
   * differences that remain. `changed` goes on counting, and is closed here when the next one comes.
   */
  succeeded(findings: Findings, changed: ChangedNames, at: number, durationMs: number): readonly KnownDifference[] {
    const valid = findings.differences.filter((difference) => !this.#isOutdated(difference, changed));
    const differences = new Map<string, KnownDifference>();
    for (const difference of valid) {
      const key = keyOf(difference);
      const before = this.#last?.differences.get(key);
      differences.set(key, { ...difference, since: before && before.sent === difference.sent ? before.since : at });
    }
    const listed = findings.counts.reduce((sum, { state, count }) => sum + (state === "accepted" ? 0 : count), 0);
    this.#last?.changed.close();
    this.#last = {
      at,
      durationMs,
      findings,
      changed,
      counts: withoutOutdated(findings, new Set(valid)),
      differences,
      unlisted: listed > findings.differences.length,
    };
    this.#successes++;
    this.#lastFailure = undefined;
    return [...differences.values()];
  }

  failed({ failure, detail }: Failure, at: number): void {
    this.#failures[failure] = (this.#failures[failure] ?? 0) + 1;
    this.#lastFailure = { at, reason: failure, detail };
  }

  /** Why, in our view, istiod did not take it. */
  guessAt(difference: Difference): Guess {
    const { type, name, sent } = difference;
    const entry = this.#source.current().table(type).get(name);
    const object = entry && entry.version === sent ? sentObject(type, entry) : undefined;
    const othersTaken = (this.#last?.counts ?? []).some((of) => of.type === type && of.state === "accepted" && of.count > 0);
    return guess(difference, { object, othersTaken });
  }

  summary(): ReadBackSummary {
    const last = this.#last;
    return {
      lastSuccess: last?.at,
      durationMs: last?.durationMs,
      dumpBytes: last?.findings.bytes,
      port: last?.findings.port,
      counts: last?.counts ?? [],
      lastFailure: this.#lastFailure,
      successes: this.#successes,
      failures: this.#failures,
    };
  }

  resource(type: TypeKey, name: string): ResourceReadBack | undefined {
    const entry = this.#source.current().table(type).get(name);
    if (!entry) return undefined;
    const last = this.#last;
    if (!last)
      return {
        state: "unknown",
        why: this.#lastFailure ? `istiod could not be asked: ${this.#lastFailure.detail}` : "istiod was not asked yet",
      };
    if (last.changed.has(type, name)) return { state: "unknown", why: "istiod was not asked since it changed" };
    const difference = last.differences.get(keyOf({ type, name }));
    if (difference?.sent !== undefined && difference.state !== "extra") {
      const { state, sent, held, since } = difference;
      return { state, sent, held, since, checkedAt: last.at, guess: this.guessAt(difference) };
    }
    if (last.unlisted) return { state: "unknown", why: "istiod holds too much otherwise than it was sent to list all of it" };
    return { state: "accepted", version: entry.version, checkedAt: last.at };
  }

  close(): void {
    this.#last?.changed.close();
  }

  /** An extra one that is served meanwhile is none. */
  #isOutdated({ type, name, state }: Difference, changed: ChangedNames): boolean {
    if (changed.has(type, name)) return true;
    return state === "extra" && this.#source.current().table(type).get(name) !== undefined;
  }
}

/** The counts without the differences that are none any more. */
function withoutOutdated({ counts, differences }: Findings, valid: ReadonlySet<Difference>): readonly StateCount[] {
  const outdated = new Map<string, number>();
  for (const difference of differences) {
    if (valid.has(difference)) continue;
    const key = `${difference.type} ${difference.state}`;
    outdated.set(key, (outdated.get(key) ?? 0) + 1);
  }
  return counts.map((of) => ({ ...of, count: of.count - (outdated.get(`${of.type} ${of.state}`) ?? 0) }));
}

function keyOf({ type, name }: Pick<Difference, "type" | "name">): string {
  return `${type} ${name}`;
}
