/**
 * Reads one interface's providers, as often as it takes until nothing changed meanwhile, and tells
 * the services that follow from them. What takes many instances away is told only when it has settled.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Emitter, Listing } from "../../contract.ts";
import type { ConsumerUrl } from "../../dubbo/consumer-url.ts";
import { servicesOf } from "../../dubbo/provider-services.ts";
import type { ProviderUrl } from "../../dubbo/provider-url.ts";
import type { Service } from "../../service.ts";
import { type Client, RequestFailed } from "../connection/client.ts";
import { noAuth } from "../connection/protocol/error-name.ts";
import { type Reading, Readings } from "../connection/readings.ts";
import { Announcements } from "./announcements.ts";
import type { InterfaceNames } from "./interface-names.ts";
import type { KnownInterface } from "./known-interface.ts";
import type { KnownInterfaces } from "./known-interfaces.ts";
import type { DubboPaths } from "./paths.ts";
import type { KnownRules } from "./rules/known-rules.ts";

/**
 * A provider that registers anew deletes its node and creates another within some 10 ms (observed
 * 0 … 9 ms). So what takes more than a few of a service's instances away is told only if it is still
 * so after this time; where most stay, nobody misses one for so short a time.
 */
export const settleMs = 15;

export interface InterfaceReaderContext {
  readonly client: Client;
  readonly paths: DubboPaths;
  readonly names: InterfaceNames;
  readonly known: KnownInterfaces;
  /** The providers that applications tell of; undefined if they are not followed. */
  readonly applications:
    | {
        readonly asksForProviders: boolean;
        readonly providersOf: (name: string) => readonly ProviderUrl[];
        readonly met: (directory: string, providers: readonly ProviderUrl[]) => void;
      }
    | undefined;
  /** Applied to whatever is told. */
  readonly rules: KnownRules;
  readonly emit: Emitter;
  /** The listing that is open, if one is: what is told belongs to it. */
  readonly listing: () => Listing | undefined;
  /** A known interface has no node any more; the root tells whether it is gone for good. */
  readonly absent: () => void;
  /** Providers came or went here of which no watch told before they were read. */
  readonly untold: (path: string) => void;
  /** A service of the interface was told for the first time, outside of a listing. */
  readonly appeared: (directory: string) => void;
}

export class InterfaceReader {
  /** Directories whose providers this session reads or has read, so that their changes are told. */
  readonly followed = new Set<string>();
  readonly #announcements = new Announcements();
  readonly #context: InterfaceReaderContext;
  readonly #readings = new Readings();
  #stopped = false;

  constructor(context: InterfaceReaderContext) {
    this.#context = context;
  }

  /** Nothing is told from here on. */
  stop(): void {
    this.#stopped = true;
  }

  /** The interface is gone; should it come back, it is a new one. */
  forget(directory: string): void {
    this.followed.delete(directory);
    this.#announcements.forget(directory);
  }

  /**
   * A watch told that an interface's providers changed.
   * @returns whether that needs a new reading: none if nobody follows the interface, or if one under way will read again
   */
  announced(directory: string): boolean {
    if (!this.followed.has(directory)) return false;
    this.#announcements.add(directory);
    return !this.#readings.again(directory);
  }

  /**
   * Reads an interface and tells what it found. A call during another reading lets that one read again.
   * @param went a provider went: unless the others are many, it has its time to come back first
   */
  read(directory: string, went = false): Promise<void> {
    this.followed.add(directory);
    const settle = went && this.#context.known.get(directory)?.canSpareOne() !== true;
    return this.#readings.run(directory, this.#reading(directory, settle));
  }

  /** As `read` of each, for interfaces below a watched tree, with one request for what can be told at once. */
  readTogether(directories: readonly string[]): Promise<void> {
    const { client, paths } = this.#context;
    for (const directory of directories) this.followed.add(directory);
    const held = new Set<string>();
    return this.#readings.runTogether(
      directories,
      (some) =>
        client.childrenOfEach(
          some.map((directory) => paths.providers(directory)),
          (at, answer) => {
            const directory = some[at]!;
            const before = this.#meet(directory);
            // What is absent or refused may take something away, or be news: that is looked into alone.
            if (!Array.isArray(answer)) this.#readings.again(directory);
            else if (this.#take(directory, answer, before, "grown")) {
              held.add(directory);
              this.#readings.again(directory);
            }
          },
        ),
      (directory) => this.#reading(directory, held.has(directory)),
    );
  }

  /** One reading, and what has to follow it. */
  #reading(directory: string, settle: boolean): (reading: Reading) => Promise<void> {
    let held = settle;
    return async (reading) => {
      if (this.#stopped) return;
      held ||= await this.#readProviders(directory, "grown");
      if (!held) return;
      await delay(settleMs);
      // What was told until here is seen by the reading that follows.
      reading.again = false;
      held = await this.#readProviders(directory, "all");
    };
  }

  /** Tells an interface that has no directory, and so no other providers than those that applications tell of. */
  tellAlone(directory: string): void {
    this.forget(directory);
    this.#understand(directory, [], this.#meet(directory), "all");
  }

  /**
   * Reads an interface's providers and tells its services: all that differ, or only those that lost no instance.
   * @returns whether a service was not told
   */
  async #readProviders(directory: string, which: "grown" | "all"): Promise<boolean> {
    const path = this.#context.paths.providers(directory);
    const before = this.#meet(directory);
    let held: boolean | undefined;
    try {
      held = await this.#context.client.follow(path, (nodes) => this.#take(directory, nodes, before, which));
    } catch (error) {
      if (before?.isRead || !(error instanceof RequestFailed) || error.code !== noAuth) throw error;
      // Never read so far: nothing can be lost by leaving it out.
      this.#context.emit.problem({ code: "no-permission", where: path, message: error.message });
      this.tellAlone(directory);
      return false;
    }
    if (held !== undefined) return held;
    if (!before || (await this.#context.client.exists(this.#context.paths.interface(directory)))) {
      return this.#understand(directory, [], before, which);
    }
    // The root's next reading tells whether it is gone for good.
    this.#context.absent();
    return false;
  }

  /** Provider nodes as the server has just told them, as `#understand`. */
  #take(directory: string, nodes: readonly string[], before: KnownInterface | undefined, which: "grown" | "all"): boolean {
    if (!this.#announcements.cover(directory, nodes)) this.#context.untold(this.#context.paths.providers(directory));
    return this.#understand(directory, nodes, before, which);
  }

  #meet(directory: string): KnownInterface | undefined {
    return this.#context.known.meet(directory, (encoded) => this.#context.names.decoded(encoded));
  }

  /** Tells what provider nodes mean, as `#readProviders`. */
  #understand(directory: string, nodes: readonly string[], before: KnownInterface | undefined, which: "grown" | "all"): boolean {
    const name = before?.name ?? this.#context.names.decoded(directory);
    if (this.#stopped || name === undefined) return false;
    const services = this.#servicesOf(directory, name, nodes, before?.consumers ?? []);
    // An interface that never had a provider, perhaps only consumers, is no service yet.
    if (!before && services.length === 0) return false;
    const known = this.#context.known.ensure(directory, name);
    known.isRead ||= this.followed.has(directory);
    const { grown, shrunk } = known.compare(services.map((service) => this.#context.rules.apply(service)));
    this.#tell(directory, known, which === "all" ? [...grown, ...shrunk] : grown);
    return which === "grown" && shrunk.length > 0;
  }

  /** What both levels know. */
  #servicesOf(directory: string, name: string, nodes: readonly string[], consumers: readonly ConsumerUrl[]): Service[] {
    const { applications, emit, paths } = this.#context;
    const met: ProviderUrl[] | undefined = applications?.asksForProviders ? [] : undefined;
    const services = servicesOf(
      { name, path: paths.providers(directory), nodes, consumers, others: applications?.providersOf(name) ?? [] },
      (problem) => emit.problem(problem),
      met && ((provider) => met.push(provider)),
    );
    if (met) applications?.met(directory, met);
    return services;
  }

  #tell(directory: string, known: KnownInterface, services: readonly Service[]): void {
    if (this.#stopped) return;
    const { emit, listing: openListing } = this.#context;
    const listing = openListing();
    let appeared = false;
    for (const service of services) {
      const item = { kind: "service", service } as const;
      if (listing) listing.add(item);
      else emit.changed(item);
      if (known.emitted(service)) appeared = true;
    }
    if (appeared && !listing) this.#context.appeared(directory);
  }
}
