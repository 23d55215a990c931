/** Follows a services tree through one session, and tells the services of Spring Cloud applications in it. */
import type { Logger } from "../../../log/logger.ts";
import type { Emitter, Listing } from "../../contract.ts";
import { nameFilter } from "../../name-filter.ts";
import type { Service } from "../../service.ts";
import { type Client, RequestFailed, SessionLost } from "../connection/client.ts";
import type { Follower } from "../connection/kept-session.ts";
import type { Instances } from "../curator/service-folder.ts";
import { ServicesTree } from "../curator/services-tree.ts";
import { serviceOf } from "./instance-service.ts";
import type { KnownServices } from "./known-services.ts";
import type { SpringSettings } from "./settings.ts";

export interface ServicesRootContext {
  readonly client: Client;
  readonly settings: SpringSettings;
  readonly known: KnownServices;
  readonly emit: Emitter;
  readonly log: Logger;
  /** A complete listing was committed. */
  readonly listed: () => void;
}

export class ServicesRoot implements Follower {
  readonly #context: ServicesRootContext;
  readonly #tree: ServicesTree;
  readonly #wanted: (name: string) => boolean;
  #relistTimer: NodeJS.Timeout | undefined;
  #listing: Listing | undefined;
  #listAgain = false;
  #stopped = false;

  constructor(context: ServicesRootContext) {
    const { client, settings, known, emit } = context;
    this.#context = context;
    this.#wanted = nameFilter(settings.include, settings.exclude);
    this.#tree = new ServicesTree({
      client,
      root: settings.root,
      maxInFlight: settings.maxInFlight,
      known: known.instances,
      emit,
      told: (name, instances) => this.#tell(name, instances),
      gone: (name) => this.#tell(name, new Map()),
      vanished: () => this.relist(),
      failed: (error) => this.#fail(error),
    });
  }

  relist(): void {
    if (this.#listing) this.#listAgain = true;
    else this.#list().catch((error) => this.#fail(error));
  }

  changed(path: string): void {
    this.#tree.changed(path);
  }

  stop(): void {
    this.#stopped = true;
    this.#tree.stop();
    clearTimeout(this.#relistTimer);
    this.#listing?.abandon("the session ended before the listing was complete");
    this.#listing = undefined;
  }

  async #list(): Promise<void> {
    const { known, emit, settings } = this.#context;
    clearTimeout(this.#relistTimer);
    const listing = emit.listing();
    this.#listing = listing;
    try {
      await this.#tree.list();
      if (this.#stopped) return;
      // What is forgotten here is not listed, and so goes with the commit.
      known.forgetSurplus();
      for (const name of known.empty) if (this.#wanted(name)) this.#emit({ key: { name }, instances: [] });
      listing.commit();
    } catch (error) {
      if (!this.#stopped) listing.abandon(describe(error));
      throw error;
    } finally {
      this.#listing = undefined;
    }
    this.#context.listed();
    this.#relistTimer = setTimeout(() => this.relist(), settings.relistInterval * (0.9 + 0.2 * Math.random()));
    if (this.#listAgain) {
      this.#listAgain = false;
      this.relist();
    }
  }

  /** A folder that holds none of ours, and never did, is no service. */
  #tell(name: string, instances: Instances): void {
    if (this.#stopped || !this.#wanted(name)) return;
    const { known, emit, settings } = this.#context;
    const service = serviceOf(name, `${settings.root}/${name}`, instances, (problem) => emit.problem(problem));
    if (service.instances.length > 0) known.lives(name);
    else if (known.has(name)) known.isEmpty(name);
    else return;
    this.#emit(service);
  }

  #emit(service: Service): void {
    const item = { kind: "service", service } as const;
    if (this.#listing) this.#listing.add(item);
    else this.#context.emit.changed(item);
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
