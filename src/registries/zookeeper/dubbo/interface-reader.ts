/**
 * Reads one interface's providers, as often as it takes until nothing changed meanwhile, and tells
 * the services that follow from them. What takes instances away is told only when it has settled.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Emitter, Listing } from "../../contract.ts";
import type { ConsumerUrl } from "../../dubbo/consumer-url.ts";
import { servicesOf } from "../../dubbo/provider-services.ts";
import type { ProviderUrl } from "../../dubbo/provider-url.ts";
import type { Service } from "../../service.ts";
import { type Client, RequestFailed } from "../connection/client.ts";
import { noAuth } from "../connection/protocol/error-name.ts";
import { Readings } from "../connection/readings.ts";
import { Announcements } from "./announcements.ts";
import type { InterfaceNames } from "./interface-names.ts";
import type { KnownInterface } from "./known-interface.ts";
import type { KnownInterfaces } from "./known-interfaces.ts";
import type { DubboPaths } from "./paths.ts";
import type { KnownRules } from "./rules/known-rules.ts";

/**
 * A provider that registers anew deletes its node and creates another within some 10 ms (observed
 * 0 … 9 ms). So what takes instances away is told only if it is still so after this time.
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
   * @param settle only after the time that a provider has to come back
   */
  read(directory: string, settle = false): Promise<void> {
    this.followed.add(directory);
    let held = settle;
    return this.#readings.run(directory, async (reading) => {
      if (this.#stopped) return;
      held ||= await this.#readProviders(directory, "grown");
      if (!held) return;
      await delay(settleMs);
      // What was told until here is seen by the reading that follows.
      reading.again = false;
      held = await this.#readProviders(directory, "all");
    });
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
    const read = (nodes: readonly string[]): boolean => {
      if (!this.#announcements.cover(directory, nodes)) this.#context.untold(path);
      return this.#understand(directory, nodes, before, which);
    };
    let held: boolean | undefined;
    try {
      held = await this.#context.client.follow(path, read);
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
