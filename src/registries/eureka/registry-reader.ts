/**
 * Reads the registry through the current server of a cluster: everything once, then what changed, and everything again
 * where that does not do.
 */
import type { Emitter, SessionContext } from "../contract.ts";
import type { Cluster, Copy, Peer } from "./cluster.ts";
import { KnownInstances } from "./known-instances.ts";
import { overdue } from "./overdue-leases.ts";
import type { EurekaSettings } from "./settings.ts";
import { ToldServices } from "./told-services.ts";
import type { Applications } from "./wire/applications.ts";
import { hashCodeOf } from "./wire/hash-code.ts";
import type { EurekaInstance } from "./wire/instance.ts";

/** A server forgets a change after 3 min, its copies of that are up to 30 s old. ms */
const deltaWindow = 150_000;

/** What is known comes from the current server: the deltas of another are none to it. */
interface Baseline {
  /** When it was last heard, ms. */
  heardAt: number;
  /** When its last full copy came, ms. */
  readonly fullAt: number;
}

type Context = Pick<SessionContext, "emit" | "log" | "known">;

export class RegistryReader {
  readonly #cluster: Cluster;
  readonly #settings: EurekaSettings;
  readonly #emit: Emitter;
  readonly #log: SessionContext["log"];
  readonly #known = new KnownInstances();
  readonly #told: ToldServices;
  /** ms, of a clock that nobody sets. */
  readonly #now: () => number;
  #baseline: Baseline | undefined;
  #owesFull = false;
  /** Deltas in a row that did not lead to the server's count. */
  #mismatches = 0;
  /** No full copy because of a mismatch before, ms. */
  #repairAt = 0;
  /** Too much is missing, and that was said. */
  #suspected = false;
  /** When the first full copy came after which a server was always there, ms. */
  #thereSince: number | undefined;

  constructor(cluster: Cluster, settings: EurekaSettings, { emit, log, known }: Context, now: () => number = () => performance.now()) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#emit = emit;
    this.#log = log;
    this.#now = now;
    this.#told = new ToldServices(this.#known, settings, emit, known);
  }

  /** The next reading is a full copy. */
  owesFull(): void {
    this.#owesFull = true;
  }

  /** Reads once, and tells what came of it. @throws ServerFailure */
  async read(): Promise<void> {
    try {
      const recent = this.#hasBaseline() ? await this.#readDelta(this.#baseline!) : [];
      if (this.#isFullDue()) await this.#readFull(recent);
    } catch (error) {
      // Whoever answers at this address next may be another, or know nothing of before.
      this.#baseline = undefined;
      throw error;
    }
  }

  /** Whether a delta says all that happened since. */
  #hasBaseline(): boolean {
    if (this.#baseline && this.#now() - this.#baseline.heardAt <= deltaWindow) return true;
    this.#baseline = undefined;
    return false;
  }

  #isFullDue(): boolean {
    const { fullAt } = this.#baseline ?? {};
    return fullAt === undefined || this.#owesFull || this.#now() - fullAt >= this.#settings.fullInterval || this.#isGivingUp();
  }

  /** @returns what the server said */
  async #readDelta(baseline: Baseline): Promise<readonly EurekaInstance[]> {
    const { current } = this.#cluster;
    const delta = await current.delta();
    if (!delta) {
      this.#log.debug({ server: current.url }, "tells no delta");
      this.#owesFull = true;
      return [];
    }
    baseline.heardAt = this.#now();
    const before = this.#known.size;
    const touched = this.#known.apply(delta.instances);
    const left = this.#known.size;
    const gone = before - left;
    if (gone > 1 && left < gone) this.#suspect(`${current.url} deletes ${gone} of ${before} instances at once`);
    // The server names each of these: whatever it may have failed to name changes nothing about them.
    this.#told.changed(touched);
    this.#compare(delta);
    return delta.instances;
  }

  /** Some mismatches heal by a full copy; for those that do not, it must not be asked for again and again. */
  #compare({ hashCode }: Applications): void {
    if (hashCode === undefined || hashCode === hashCodeOf(this.#known.present())) {
      this.#mismatches = 0;
      this.#repairAt = 0;
      return;
    }
    this.#mismatches++;
    if (this.#mismatches > 1) this.#problem("hash-mismatch", `${this.#mismatches} deltas in a row do not lead to its count ${hashCode}`);
    if (this.#now() < this.#repairAt) return;
    this.#repairAt = this.#now() + Math.min(this.#settings.fullInterval, this.#settings.pollInterval * 2 ** this.#mismatches);
    this.#owesFull = true;
  }

  async #readFull(recent: readonly EurekaInstance[]): Promise<void> {
    const server = this.#cluster.current;
    const copy = await server.applications();
    this.#take(server, copy, recent);
    if (this.#lacksTooMuch(server)) await this.#askOthers(copy);
    else if (this.#isGivingUp()) {
      await this.#askOthers(copy);
      this.#giveUp();
    }
    this.#told.list();
  }

  #take(server: Peer, copy: Copy, recent: readonly EurekaInstance[]): void {
    this.#cluster.use(server);
    if (this.#baseline === undefined) {
      // Its clients have as long as ever to come back to a server that was away once more.
      this.#thereSince = this.#now();
      this.#known.missingAnew(this.#now());
    }
    this.#known.replace(copy.instances, recent, this.#now());
    this.#baseline = { heardAt: this.#now(), fullAt: this.#now() };
    this.#owesFull = false;
    if (copy.hashCode !== undefined && copy.hashCode !== hashCodeOf(copy.instances)) {
      this.#problem("hash-mismatch", `its full copy has not the instances that it counts: ${copy.hashCode}`);
    }
    const late = overdue(copy.instances, copy.date);
    const [first] = late;
    if (first) {
      const of = `${late.length} of ${copy.instances.length} instances`;
      this.#problem("self-preservation", `${of} are kept beyond their leases, such as ${first.app}/${first.id}`);
    }
  }

  /** Whether more than half is missing, for the first time. */
  #lacksTooMuch({ url }: Peer): boolean {
    const lost = this.#known.missing;
    const services = this.#told.inherited;
    const isTooMuch = lost * 2 > this.#known.size || services > this.#known.apps.size;
    const isNew = isTooMuch && !this.#suspected;
    this.#suspected = isTooMuch;
    if (isNew) {
      const what = lost > 0 ? `${lost} of ${this.#known.size} instances` : `${services} services that were known to an earlier process`;
      this.#suspect(`${url} lacks ${what} without a word that they went`);
    }
    return isNew;
  }

  #suspect(what: string): void {
    this.#emit.suspicious(what);
    this.#owesFull = true;
  }

  /** Another server may know what this one lacks: then it is the one to follow. */
  async #askOthers(copy: Copy): Promise<void> {
    let best = { server: this.#cluster.current, copy, lacks: this.#known.missing };
    for (const server of this.#cluster.others) {
      try {
        const other = await server.applications();
        const lacks = this.#known.lackedBy(other.instances);
        const isBetter = lacks === best.lacks ? other.instances.length > best.copy.instances.length : lacks < best.lacks;
        if (isBetter) best = { server, copy: other, lacks };
      } catch (error) {
        this.#log.debug({ server: server.url }, `cannot be asked: ${(error as Error).message}`);
      }
    }
    if (best.copy === copy) return;
    this.#log.info({ server: best.server.url }, "knows more and is followed from here on");
    this.#take(best.server, best.copy, []);
  }

  /** Whether something has been missing for so long that it is to be given up, once everything was read again. */
  #isGivingUp(): boolean {
    const since = this.#known.missingSince ?? (this.#told.inherited > 0 ? this.#thereSince : undefined);
    return since !== undefined && this.#now() - since >= this.#settings.missingHold;
  }

  #giveUp(): void {
    const before = this.#now() - this.#settings.missingHold;
    if (this.#thereSince !== undefined && this.#thereSince <= before) this.#told.giveUpInherited();
    this.#told.changed(this.#known.giveUp(before));
  }

  #problem(code: "hash-mismatch" | "self-preservation", message: string): void {
    this.#emit.problem({ code, where: this.#cluster.current.url, message });
  }
}
