/**
 * Follows Dubbo's layout through one session: lists it, has everything watched where something can change, and reads
 * again what a watch names. Watches are triggers, reads are truth.
 */
import type { Logger } from "../../../log/logger.ts";
import type { Emitter, Listing, Problem } from "../../contract.ts";
import { forEachLimited, TaskPool } from "../../task-pool.ts";
import { type Client, RequestFailed, SessionLost } from "../connection/client.ts";
import type { Follower } from "../connection/kept-session.ts";
import { together } from "../connection/together.ts";
import { ApplicationLevel } from "./application/application-level.ts";
import type { KnownTree } from "./application/known-tree.ts";
import { ConsumerPass } from "./consumer-pass.ts";
import { InterfaceNames } from "./interface-names.ts";
import { InterfaceReader } from "./interface-reader.ts";
import { InterfaceRoot } from "./interface-root.ts";
import type { KnownInterfaces } from "./known-interfaces.ts";
import { DubboPaths } from "./paths.ts";
import type { KnownRules } from "./rules/known-rules.ts";
import { RuleReader } from "./rules/rule-reader.ts";
import type { DubboSettings } from "./settings.ts";

/** Interfaces in one request, whose answer has to be held whole. */
const atATime = 32;

export interface DubboFollowerContext {
  readonly client: Client;
  readonly settings: DubboSettings;
  readonly known: KnownInterfaces;
  readonly applications: KnownTree;
  readonly rules: KnownRules;
  readonly emit: Emitter;
  readonly log: Logger;
  /** A complete listing was committed. */
  readonly listed: () => void;
}

export class DubboFollower implements Follower {
  readonly #context: DubboFollowerContext;
  readonly #paths: DubboPaths;
  readonly #names: InterfaceNames;
  readonly #eventPool: TaskPool;
  /** Directories whose reading waits for its turn in the pool. */
  readonly #due = new Set<string>();
  readonly #reader: InterfaceReader;
  readonly #root: InterfaceRoot;
  readonly #applications: ApplicationLevel | undefined;
  readonly #rules: RuleReader | undefined;
  readonly #consumers: ConsumerPass | undefined;
  #relistTimer: NodeJS.Timeout | undefined;
  #listing: Listing | undefined;
  /** A listing is under way, or about to be. */
  #isListing = false;
  #listAgain = false;
  #recursive = false;
  #stopped = false;

  constructor(context: DubboFollowerContext) {
    this.#context = context;
    const { settings, known, emit } = context;
    this.#paths = new DubboPaths(settings.root);
    this.#names = new InterfaceNames(settings, (problem) => emit.problem(problem));
    this.#eventPool = new TaskPool(settings.maxInFlight);
    const shared = {
      ...context,
      paths: this.#paths,
      names: this.#names,
      listing: () => this.#listing,
      relist: () => this.relist(),
      report: (problem: Problem) => emit.problem(problem),
      untold: (path: string) => this.#untold(path),
      failed: (error: unknown) => this.#fail(error),
    };
    if (settings.applications.enabled) {
      this.#applications = new ApplicationLevel({
        ...shared,
        known: context.applications,
        reread: (name) => this.#readNamed(name),
        abandoned: () => this.#root.due(),
      });
    }
    this.#reader = new InterfaceReader({
      ...shared,
      applications: this.#applications,
      absent: () => this.#root.due(),
      appeared: (directory) => this.#consumers?.due(directory),
    });
    this.#root = new InterfaceRoot({
      ...shared,
      reader: this.#reader,
      isListing: () => this.#isListing,
      isOffered: (name) => this.#applications !== undefined && context.applications.offers(name),
      found: (directory) => this.#providersDue(directory),
      vanished: (directory) => {
        this.#rules?.forget(directory);
        this.#applications?.met(directory, []);
      },
    });
    if (settings.rules) {
      this.#rules = new RuleReader({
        ...shared,
        reread: (directory) => this.#providersDue(directory),
        retell: (application) => this.#applications?.retell(application),
      });
    }
    if (settings.consumers) {
      this.#consumers = new ConsumerPass({
        ...shared,
        reread: (directory) => this.#read(directory),
        passed: (whole) => (whole ? known.calls.settle(emit) : known.calls.tell(emit)),
      });
    }
  }

  /** Lists everything, now or as soon as a listing that is under way has ended. */
  relist(): void {
    if (this.#isListing) this.#listAgain = true;
    else this.#list().catch((error) => this.#fail(error));
  }

  /** A watch fired; a recursive one also for what is not followed. */
  changed(path: string, went: boolean): void {
    this.#applications?.changed(path);
    const place = this.#paths.place(path);
    if (place?.what === "root") this.#root.due();
    else if (place?.what === "providers") {
      if (this.#reader.announced(place.directory)) this.#providersDue(place.directory, went);
    } else if (place?.what === "consumers") this.#consumers?.due(place.directory);
    else if (place) this.#rules?.changed(place);
  }

  /** The session is over: nothing is emitted from here on. */
  stop(): void {
    this.#stopped = true;
    this.#reader.stop();
    this.#root.stop();
    this.#applications?.stop();
    this.#consumers?.stop();
    clearTimeout(this.#relistTimer);
    this.#listing?.abandon("the session ended before the listing was complete");
    this.#listing = undefined;
  }

  async #list(): Promise<void> {
    const { client, settings, known, emit, listed } = this.#context;
    clearTimeout(this.#relistTimer);
    this.#isListing = true;
    // Before the first reading, so that nothing is missed between the two.
    this.#recursive = await client.watchTree(this.#paths.root);
    if (this.#stopped) return;
    // What is forgotten here is not listed, and so goes with the commit.
    for (const [, each] of known.entries()) each.forgetSurplus();
    const listing = emit.listing();
    this.#listing = listing;
    try {
      // Applications before interfaces: what one of them registers, it registers in the opposite order.
      await Promise.all([this.#rules?.list(), this.#applications?.list()]);
      const directories = await this.#root.list();
      const rules = this.#rules?.followAll(directories);
      await Promise.all([rules, this.#readAll(directories)]);
      const all = new Set(directories);
      await this.#completeApplications(all);
      if (this.#stopped) return;
      known.retain(all);
      if (this.#consumers) known.calls.list(listing);
      this.#rules?.listed();
      listing.commit();
    } catch (error) {
      if (!this.#stopped) listing.abandon(describe(error));
      throw error;
    } finally {
      this.#listing = undefined;
      this.#isListing = false;
    }
    listed();
    this.#consumers?.allDue(known.directories());
    this.#relistTimer = setTimeout(() => this.relist(), settings.relistInterval * (0.9 + 0.2 * Math.random()));
    this.#root.listed();
    if (this.#listAgain) {
      this.#listAgain = false;
      this.relist();
    }
  }

  /** Interfaces that have a directory: below a watched tree many with one request, else each with its own, which leaves a watch. */
  async #readAll(directories: readonly string[]): Promise<void> {
    const { client, settings, known } = this.#context;
    if (!known.asksTogether || !client.isWatched(this.#paths.root)) {
      return forEachLimited(directories, settings.maxInFlight, (directory) => this.#read(directory));
    }
    const { groups, alone } = together(directories, atATime);
    known.asksTogether = false;
    await forEachLimited(groups, Math.ceil(settings.maxInFlight / atATime), (group) => this.#reader.readTogether(group));
    known.asksTogether = true;
    await forEachLimited(alone, settings.maxInFlight, (directory) => this.#read(directory));
  }

  /** Tells what applications alone offer, and adds its directories to those of the root. */
  async #completeApplications(directories: Set<string>): Promise<void> {
    if (!this.#applications) return;
    await this.#applications.remember(this.#context.known.unmet);
    await this.#applications.complete(directories);
    for (const name of this.#context.applications.interfaces()) {
      if (!this.#names.isWanted(name)) continue;
      directories.add(this.#names.directory(name));
      if (!this.#names.has(name)) await this.#readNamed(name);
    }
  }

  /** @param went a provider went: what takes many away is not told before it settled, so it need not be read before that */
  #providersDue(directory: string, went = false): void {
    if (this.#due.has(directory)) return;
    this.#due.add(directory);
    this.#eventPool.run(() => {
      this.#due.delete(directory);
      return this.#read(directory, went).catch((error) => this.#fail(error));
    });
  }

  #readNamed(name: string): Promise<void> {
    const directory = this.#names.directory(name);
    if (this.#names.has(name)) return this.#read(directory);
    this.#reader.tellAlone(directory);
    return Promise.resolve();
  }

  /** Reads and tells an interface anew; there is no more to read than is known if applications alone offer it. */
  #read(directory: string, went = false): Promise<void> {
    const known = this.#context.known.get(directory);
    if (known && !this.#names.has(known.name)) return this.#readNamed(known.name);
    // Its rules first: else a provider that they disable would be served for a moment.
    const rules = this.#rules?.follow(directory);
    const providers = this.#reader.read(directory, went);
    return rules ? Promise.all([rules, providers]).then(() => {}) : providers;
  }

  /**
   * A watch fires before its change can be read. One that does not is no use: ZooKeeper (3.8.4, 3.9.2 and later) keeps
   * quiet on recursive watches about nodes that may not be read, though their names may be listed.
   */
  #untold(path: string): void {
    if (!this.#recursive) return;
    const reason = `the recursive watch does not tell what changes in ${path}`;
    this.#context.log.warn({ path }, `${reason}; may its nodes be read?`);
    this.#context.client.doubt(reason, "one-shot");
  }

  /** A reading failed: the view is in doubt, so the session is given up and everything listed anew. */
  #fail(error: unknown): void {
    if (this.#stopped || error instanceof SessionLost) return;
    if (!(error instanceof RequestFailed)) this.#context.log.error({ err: error }, "a reading failed");
    this.#context.client.doubt(describe(error), error instanceof RequestFailed ? error.ending : "broken");
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
