/**
 * Everything under a prefix, framed for delta: the first answer of most clients, and by far the largest
 * message there is. Clients that ask while one is being written share it; what is built for nobody any
 * more is given back at once.
 */
import type { Entry, ResourceTable, Snapshot, TypeKey } from "../snapshot/snapshot.ts";
import { frameLength, writeFrame } from "./delta/framing.ts";
import type { ResourceForm } from "./type-url.ts";

/** What is swept: `prefix` is "" for everything, "ns/" for a namespace. */
export interface SweepKey {
  readonly type: TypeKey;
  readonly form: ResourceForm;
  readonly prefix: string;
}

export interface Sweep {
  /** The state that it shows. */
  readonly table: ResourceTable;
  readonly sequence: number;
  readonly resources: number;
  readonly bytes: number;
  readonly pieces: readonly Uint8Array[];
}

/** A sweep on loan. `release` is to be called when its bytes were sent; again does no harm. */
export interface Loan extends Sweep {
  release(): void;
}

interface Lent {
  readonly sweep: Sweep;
  borrowers: number;
}

/**
 * Different states of one sweep in memory at a time. Beyond it, a client is lent the newest of them and sent
 * what changed since: a thousand clients that come while the state changes cost a few copies, not a thousand.
 */
const maxLent = 4;
/** More different resources than this are sent together with the equal ones, if those are not the far larger part. */
export const fewDifferent = 1_000;

const pieceBytes = 64 * 1024;

export class Sweeps {
  readonly #lent = new Map<string, Lent[]>();

  /** @param reaches whether the changes since a sequence are known, so that a sweep of then will do */
  lend(key: SweepKey, snapshot: Snapshot, reaches: (sequence: number) => boolean): Loan {
    const id = idOf(key);
    const lent = this.#lent.get(id) ?? [];
    this.#lent.set(id, lent);
    const table = snapshot.table(key.type);
    const same = lent.find(({ sweep }) => sweep.table === table || sweep.table.digest === table.digest);
    // Equal content is the state of now, whenever it was built.
    if (same) return { ...this.#loan(id, lent, same), sequence: snapshot.sequence };
    const older = lent.length < maxLent ? undefined : lent.findLast(({ sweep }) => reaches(sweep.sequence));
    if (older) return this.#loan(id, lent, older);
    const built = { sweep: sweepOf(key, snapshot), borrowers: 0 };
    lent.push(built);
    return this.#loan(id, lent, built);
  }

  /** Whether what is lent now would be the state of now. */
  hasRoom(key: SweepKey, snapshot: Snapshot): boolean {
    const lent = this.#lent.get(idOf(key)) ?? [];
    return lent.length < maxLent || lent.some(({ sweep }) => sweep.table.digest === snapshot.table(key.type).digest);
  }

  /** Sweeps in memory. */
  get size(): number {
    return [...this.#lent.values()].reduce((sum, lent) => sum + lent.length, 0);
  }

  #loan(id: string, lent: Lent[], chosen: Lent): Loan {
    chosen.borrowers += 1;
    let returned = false;
    const release = () => {
      if (returned) return;
      returned = true;
      chosen.borrowers -= 1;
      if (chosen.borrowers > 0) return;
      lent.splice(lent.indexOf(chosen), 1);
      if (lent.length === 0) this.#lent.delete(id);
    };
    return { ...chosen.sweep, release };
  }
}

function idOf({ type, form, prefix }: SweepKey): string {
  return `${type} ${form} ${prefix}`;
}

/** Whether a name lies under a prefix. */
export function under(prefix: string, name: string): boolean {
  return prefix === "" || name.startsWith(prefix);
}

function sweepOf({ type, form, prefix }: SweepKey, snapshot: Snapshot): Sweep {
  const { sequence } = snapshot;
  const table = snapshot.table(type);
  const pieces: Buffer[] = [];
  let resources = 0;
  let run: Entry[] = [];
  let runBytes = 0;
  const endRun = () => {
    const piece = Buffer.allocUnsafeSlow(runBytes);
    let at = 0;
    for (const entry of run) at = writeFrame(piece, at, type, form, entry);
    if (at > 0) pieces.push(piece);
    run = [];
    runBytes = 0;
  };
  for (const entry of table.entries()) {
    if (!under(prefix, entry.name)) continue;
    resources += 1;
    run.push(entry);
    runBytes += frameLength(type, form, entry);
    if (runBytes >= pieceBytes) endRun();
  }
  endRun();
  return { table, sequence, resources, bytes: pieces.reduce((sum, { length }) => sum + length, 0), pieces };
}
