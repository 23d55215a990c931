/**
 * All instances as the server told them, and those that it does not tell any more without a word that they went.
 *
 * A full copy that lacks something is a weak word: a server that has just started is empty until its clients are back,
 * a peer lags, and the copies that a server answers with are up to 30 s old, `/apps` often older than `/apps/delta`
 * (observed). So whatever it lacks is missing, and stays until a delta says DELETED, or nobody has named it for long.
 */
import type { EurekaInstance } from "./wire/instance.ts";

interface Missing {
  readonly instance: EurekaInstance;
  /** ms, of the caller's clock. */
  readonly since: number;
}

/** Names of applications. */
type Apps = ReadonlySet<string>;

export class KnownInstances {
  #present = new Map<string, Map<string, EurekaInstance>>();
  #missing = new Map<string, Map<string, Missing>>();

  /** How many are known, also the missing ones. */
  get size(): number {
    return count(this.#present) + count(this.#missing);
  }

  get missing(): number {
    return count(this.#missing);
  }

  /** Applications with instances. */
  get apps(): Apps {
    return new Set([...this.#present.keys(), ...this.#missing.keys()]);
  }

  /** Since when the one is missing that is missing for longest. */
  get missingSince(): number | undefined {
    let oldest: number | undefined;
    for (const { since } of this.#allMissing()) if (oldest === undefined || since < oldest) oldest = since;
    return oldest;
  }

  /** Those that the server tells. */
  *present(): Iterable<EurekaInstance> {
    for (const instances of this.#present.values()) yield* instances.values();
  }

  /** Those of an application, also the missing ones. */
  of(app: string): EurekaInstance[] {
    const missing = [...(this.#missing.get(app)?.values() ?? [])].map(({ instance }) => instance);
    return [...(this.#present.get(app)?.values() ?? []), ...missing];
  }

  /**
   * Applies what a delta tells, instance by instance: it repeats the changes of some minutes, and what it deletes may
   * stand beside what it adds.
   * @returns the applications that it names
   */
  apply(delta: readonly EurekaInstance[]): Apps {
    const touched = new Set<string>();
    for (const instance of delta) {
      touched.add(instance.app);
      remove(this.#missing, instance.app, instance.id);
      if (instance.action === "DELETED") remove(this.#present, instance.app, instance.id);
      else put(this.#present, instance.app, instance.id, instance);
    }
    for (const app of touched) this.#settle(app);
    return touched;
  }

  /**
   * Takes over a full copy.
   * @param recent what a delta said just before: it may be newer than the copy
   */
  replace(full: readonly EurekaInstance[], recent: readonly EurekaInstance[], now: number): void {
    const before = [...this.present()];
    this.#present = new Map();
    for (const instance of full) put(this.#present, instance.app, instance.id, instance);
    for (const change of recent) {
      const copy = this.#present.get(change.app)?.get(change.id);
      if (!copy || copy.updatedAt > change.updatedAt) continue;
      if (change.action === "DELETED") remove(this.#present, change.app, change.id);
      else put(this.#present, change.app, change.id, change);
    }
    for (const instance of before) {
      if (!this.#present.get(instance.app)?.has(instance.id)) put(this.#missing, instance.app, instance.id, { instance, since: now });
    }
    for (const app of [...this.#missing.keys()]) this.#settle(app);
  }

  /** How many of all that are known a full copy lacks. */
  lackedBy(full: readonly EurekaInstance[]): number {
    const named = new Set(full.map(({ app, id }) => `${app}\n${id}`));
    let lacked = 0;
    for (const app of this.apps) for (const { id } of this.of(app)) if (!named.has(`${app}\n${id}`)) lacked++;
    return lacked;
  }

  /** Whatever is missing counts as missing from now on. */
  missingAnew(now: number): void {
    for (const instances of this.#missing.values()) {
      for (const [id, { instance }] of instances) instances.set(id, { instance, since: now });
    }
  }

  /** Gives up what has been missing since `since` or longer. @returns the applications that it belonged to */
  giveUp(since: number): Apps {
    const touched = new Set<string>();
    for (const { instance, since: its } of [...this.#allMissing()]) {
      if (its > since) continue;
      remove(this.#missing, instance.app, instance.id);
      touched.add(instance.app);
    }
    return touched;
  }

  *#allMissing(): Iterable<Missing> {
    for (const instances of this.#missing.values()) yield* instances.values();
  }

  /** What is named again is not missing; nor is what has another id at the same place: many choose a new one with every start. */
  #settle(app: string): void {
    const present = this.#present.get(app);
    const missing = this.#missing.get(app);
    if (!present || !missing) return;
    const places = new Set([...present.values()].map(placeOf));
    for (const [id, { instance }] of [...missing]) {
      if (present.has(id) || places.has(placeOf(instance))) remove(this.#missing, app, id);
    }
  }
}

function placeOf({ id, address, ports }: EurekaInstance): string {
  return address === undefined ? id : [address, ...ports.map(({ number }) => number)].join(" ");
}

type Grouped<T> = Map<string, Map<string, T>>;

function put<T>(groups: Grouped<T>, app: string, id: string, value: T): void {
  const group = groups.get(app);
  if (group) group.set(id, value);
  else groups.set(app, new Map([[id, value]]));
}

/** Without its last member, a group is gone. */
function remove<T>(groups: Grouped<T>, app: string, id: string): void {
  const group = groups.get(app);
  if (group?.delete(id) && group.size === 0) groups.delete(app);
}

function count(groups: Grouped<unknown>): number {
  let sum = 0;
  for (const group of groups.values()) sum += group.size;
  return sum;
}
