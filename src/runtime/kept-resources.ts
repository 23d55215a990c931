/**
 * Encoded resources between the rooms: a start serves at once what an earlier process made of the same inputs. Whoever takes one
 * makes it anew later and compares; see decision 36.
 */
import { hash } from "node:crypto";
import type { ServiceInputs } from "../catalog/service-inputs.ts";
import type { Config } from "../config/schema.ts";
import type { ResourceFile } from "../last-known-good/resources/resource-file.ts";
import type { KeptResource } from "../last-known-good/resources/resource-records.ts";
import type { Pause, Slices } from "../last-known-good/slices.ts";
import type { EncodedObject } from "../snapshot/encode.ts";
import type { SnapshotSource } from "../snapshot/snapshot.ts";

const type = "networking.istio.io/ServiceEntry";

/** A start waits no longer for the file, in ms: it may do without. */
const patienceMs = 1_000;
/** What is not taken by then is not taken at all, in ms: a registry that is missing may be so for days. */
const takeMs = 60_000;
/** The end of the process waits no longer for writing, in ms. */
const lastWriteMs = 500;
/** How often is looked whether writing is worth it, in ms. */
const lookMs = 30_000;
/** Worth it: so large a part of the names changed … */
const changedPart = 0.01;
/** … or anything at all, when it was looked so often: within ten minutes. */
const mostLooks = 20;

/** Where resources come from, and what they were made of. */
export interface ResourceRooms {
  readonly store: SnapshotSource;
  readonly catalog: {
    readonly inputs: Pick<ServiceInputs, "digest" | "release">;
    isComplete(): boolean;
  };
  /** Whether what the catalog says is what the store has. */
  isIdle(): boolean;
  vip(name: string): string | undefined;
}

/** What shapes a resource beside the registries' own settings. */
type ShapingConfig = Pick<Config, "mesh" | "merging">;

export class KeptResources {
  /** From when on there is something to take, if there is, soon; never rejects. */
  readonly loaded: Promise<void>;
  readonly #file: ResourceFile;
  readonly #slices: Slices;
  readonly #version: string;
  #settings: string;
  /** Undefined once nothing may be taken any more. */
  #resources: ReadonlyMap<string, KeptResource> | undefined = new Map();
  #rooms: ResourceRooms | undefined;
  #looking: NodeJS.Timeout | undefined;
  #releasing: NodeJS.Timeout | undefined;
  #writing: Generator<Pause, void> | undefined;
  /** What the file holds. */
  #written = { sequence: 0, settings: "" };
  /** Since the last time. */
  #looks = 0;

  /** Begins to read what an earlier process of this version kept under the same settings. `version`: of the program. */
  constructor(file: ResourceFile, slices: Slices, config: ShapingConfig, version: string) {
    this.#file = file;
    this.#slices = slices;
    this.#version = version;
    this.#settings = settingsDigest(config, version);
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, patienceMs).unref();
    this.loaded = Promise.race([this.#load(this.#settings).finally(() => clearTimeout(timer)), patience.promise]);
  }

  /** Begins to write what is served, now and then. */
  attach(rooms: ResourceRooms): void {
    this.#rooms = rooms;
    this.#looking = setInterval(() => this.#look(), lookMs).unref();
    this.#releasing = setTimeout(() => this.release(), takeMs).unref();
  }

  /** The service's resource as it was encoded of the same inputs, and with which address; undefined: it is to be made. */
  take(wanted: string): { readonly object: Omit<EncodedObject, "seenAt">; readonly vip: string | undefined } | undefined {
    const resource = this.#resources?.get(wanted);
    const inputs = this.#rooms?.catalog.inputs;
    if (resource === undefined || inputs === undefined || resource.inputs !== inputs.digest(wanted)) return undefined;
    inputs.release(wanted);
    const { name, version, framed, body, vip } = resource;
    return { object: { type, name, version, framed, body }, vip: vip === "" ? undefined : vip };
  }

  isServed(name: string, version: string | undefined): boolean {
    return this.#rooms?.store.current().table(type).get(name)?.version === version;
  }

  /** The first view is served: nothing is taken any more. */
  release(): void {
    this.#resources = undefined;
  }

  /** Other settings hold: what was made under the earlier ones is worth nothing to the next start. */
  configure(config: ShapingConfig): void {
    const settings = settingsDigest(config, this.#version);
    if (settings === this.#settings) return;
    this.#settings = settings;
    this.release();
  }

  /** Writes what changed since the last time, in one go, if that is done soon. */
  close(): void {
    clearInterval(this.#looking);
    clearTimeout(this.#releasing);
    this.#writing?.return();
    if (!this.#mayWrite() || this.#changed() === 0) return;
    const end = performance.now() + lastWriteMs;
    const work = this.#write();
    while (!work.next().done) if (performance.now() > end) work.return();
  }

  async #load(settings: string): Promise<void> {
    const resources = await this.#file.read(settings, this.#slices);
    if (settings === this.#settings && this.#resources !== undefined) this.#resources = resources;
  }

  #look(): void {
    this.#looks += 1;
    if (this.#writing || !this.#mayWrite()) return;
    const changed = this.#changed();
    const isMuch = changed >= changedPart * this.#rooms!.store.current().table(type).size;
    if (changed === 0 || !(isMuch || this.#looks >= mostLooks)) return;
    this.#writing = this.#write();
    void this.#slices.run(this.#writing).finally(() => {
      this.#writing = undefined;
    });
  }

  /** A view with a part missing would cost the next start that part. */
  #mayWrite(): boolean {
    return this.#rooms?.catalog.isComplete() === true && this.#rooms.isIdle();
  }

  /** Names that changed since the last time; more than are remembered, or all under other settings, count as infinitely many. */
  #changed(): number {
    const { sequence, settings } = this.#written;
    const changes = settings === this.#settings ? this.#rooms!.store.changesSince(type, sequence) : undefined;
    return changes ? changes.updated.length + changes.removed.length : Number.POSITIVE_INFINITY;
  }

  *#write(): Generator<Pause, void> {
    const written = { sequence: this.#rooms!.store.current().sequence, settings: this.#settings };
    const isWritten = yield* this.#file.write(written.settings, this.#served());
    if (isWritten) this.#written = written;
    this.#looks = 0;
  }

  /** What is served, wherever it is just what the catalog says; a name that changes meanwhile is left out. */
  *#served(): Generator<KeptResource | Pause> {
    const { store, catalog, isIdle, vip } = this.#rooms!;
    const first = store.current();
    for (const entry of first.table(type).entries()) {
      while (!isIdle()) yield "next turn";
      const { name, version } = entry;
      const isCurrent = store.current() === first || store.current().table(type).get(name)?.version === version;
      const inputs = isCurrent ? catalog.inputs.digest(name) : undefined;
      if (inputs === undefined) yield "may go on";
      else yield { name, version, framed: entry.framed, body: entry.body, inputs, vip: vip(name) ?? "" };
    }
  }
}

/** Of the program as well that makes them. */
function settingsDigest({ mesh, merging }: ShapingConfig, version: string): string {
  return hash("sha256", JSON.stringify({ version, mesh, merging })).slice(0, 32);
}
