/** What a Eureka server holds: instances, the changes of the last minutes, and the copies that it answers with. */

/** As it is registered and told. */
export interface InstanceJson {
  readonly instanceId: string;
  readonly app: string;
  readonly status: string;
  readonly [key: string]: unknown;
}

interface Change {
  /** ms. */
  readonly at: number;
  readonly instance: InstanceJson;
}

export class Instances {
  /** How long a delta repeats a change, ms. */
  retention = 180_000;
  readonly #apps = new Map<string, Map<string, InstanceJson>>();
  #changes: Change[] = [];
  #lastUpdate = 0;

  register(instance: InstanceJson): void {
    this.#put(instance, "ADDED");
  }

  /** @returns false if there is no such instance */
  change(app: string, id: string, change: (instance: InstanceJson) => InstanceJson): boolean {
    const instance = this.get(app, id);
    if (instance) this.#put(change(instance), "MODIFIED");
    return instance !== undefined;
  }

  /** @returns false if there is no such instance */
  cancel(app: string, id: string): boolean {
    const instance = this.get(app, id);
    if (!instance) return false;
    this.lose(app, id);
    // Its status stays as it was, mostly UP.
    this.#note({ ...instance, actionType: "DELETED", lastUpdatedTimestamp: this.#now() });
    return true;
  }

  /** An instance is not there any more, and no delta says so. */
  lose(app: string, id: string): void {
    const group = this.#apps.get(app.toUpperCase());
    if (group?.delete(id) && group.size === 0) this.#apps.delete(app.toUpperCase());
  }

  /** As after a restart. */
  clear(): void {
    this.#apps.clear();
    this.forgetChanges();
  }

  /** As after some quiet minutes. */
  forgetChanges(): void {
    this.#changes = [];
  }

  get(app: string, id: string): InstanceJson | undefined {
    return this.#apps.get(app.toUpperCase())?.get(id);
  }

  all(): InstanceJson[] {
    return [...this.#apps.values()].flatMap((group) => [...group.values()]);
  }

  full(): unknown {
    return this.#applications([...this.#apps].map(([name, group]) => ({ name, instance: [...group.values()] })));
  }

  /** A change of an instance stands where the last one of it was made. */
  delta(): unknown {
    const oldest = Date.now() - this.retention;
    this.#changes = this.#changes.filter(({ at }) => at >= oldest);
    const apps = new Map<string, Map<string, InstanceJson>>();
    for (const { instance } of this.#changes) {
      const group = apps.get(instance.app) ?? new Map<string, InstanceJson>();
      group.delete(instance.instanceId);
      apps.set(instance.app, group.set(instance.instanceId, instance));
    }
    return this.#applications([...apps].map(([name, group]) => ({ name, instance: [...group.values()] })));
  }

  hashCode(): string {
    const counts = new Map<string, number>();
    for (const { status } of this.all()) counts.set(status, (counts.get(status) ?? 0) + 1);
    return [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([status, count]) => `${status}_${count}_`)
      .join("");
  }

  #applications(application: readonly unknown[]): unknown {
    return { applications: { versions__delta: "1", apps__hashcode: this.hashCode(), application } };
  }

  #put(instance: InstanceJson, actionType: "ADDED" | "MODIFIED"): void {
    const app = instance.app.toUpperCase();
    const now = this.#now();
    const leaseInfo = { durationInSecs: 90, ...(instance.leaseInfo as object), registrationTimestamp: now, lastRenewalTimestamp: now };
    const stored = { ...instance, app, leaseInfo, lastUpdatedTimestamp: String(now), actionType };
    const group = this.#apps.get(app) ?? new Map<string, InstanceJson>();
    this.#apps.set(app, group.set(instance.instanceId, stored));
    this.#note(stored);
  }

  #note(instance: InstanceJson): void {
    this.#changes.push({ at: Date.now(), instance });
  }

  /** Later than every time before. */
  #now(): number {
    this.#lastUpdate = Math.max(this.#lastUpdate + 1, Date.now());
    return this.#lastUpdate;
  }
}
