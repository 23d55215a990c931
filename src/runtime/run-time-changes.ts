/** Changes by the admin API: who owns what may not be changed here, and the log's word of who did what. */
import { isDeepStrictEqual } from "node:util";
import type { Added, AddedList } from "../additions/added-list.ts";
import { mostAdditions } from "../additions/addition.ts";
import type { AddedEntries } from "../additions/join-additions.ts";
import { type GivenText, readGivenClusters, readGivenRegistries } from "../additions/read-addition.ts";
import { type ChangeOutcome, ChangeRefused, type ChangeRequest, type Changes, type OwnedEntry } from "../admin/changes.ts";
import { ConfigErrors } from "../config/config-errors.ts";
import { didYouMean } from "../errors/nearest.ts";
import type { Position } from "../errors/tributary-error.ts";
import type { Logger } from "../log/logger.ts";
import type { LiveConfig } from "./live-config.ts";

export interface RunTimeChangesOptions {
  readonly live: LiveConfig;
  readonly log: Logger;
  /** Where a cluster comes from that was neither added nor named by the configuration's list; undefined: there is no such cluster. */
  readonly discovered: (cluster: string) => string | undefined;
}

/** What is in a list of the configuration, or was added to it. */
interface Section<T extends { readonly id: string }> {
  /** For people: `registry`. */
  readonly noun: string;
  readonly own: readonly T[];
  readonly added: AddedList<T>;
  readonly typeOf: (entry: T) => string;
  readonly excerptOf: (written: object) => object;
  positionOf(index: number): Position;
  /** Who else has the id, if somebody. */
  readonly elsewhere?: (id: string) => string | undefined;
}

type Names = Omit<ChangeOutcome, "notKept">;

const nothing: Names = { added: [], changed: [], unchanged: [], removed: [] };

export class RunTimeChanges implements Changes {
  readonly #options: RunTimeChangesOptions;

  constructor(options: RunTimeChangesOptions) {
    this.#options = options;
  }

  registries(): readonly OwnedEntry[] {
    return entriesOf(this.#registries(this.#options.live.added));
  }

  clusters(): readonly OwnedEntry[] {
    return entriesOf(this.#clusters(this.#options.live.added));
  }

  setRegistries(request: ChangeRequest): Promise<ChangeOutcome> {
    return this.#set(request, (added) => {
      const given = read(() => readGivenRegistries(now(request), this.#options.live.context));
      const section = this.#registries(added);
      return { names: namesOf(section, given, request), next: { ...added, registries: section.added.with(given) } };
    });
  }

  setClusters(request: ChangeRequest, kubeconfigs: Readonly<Record<string, string>>): Promise<ChangeOutcome> {
    return this.#set(request, (added) => {
      const given = read(() => readGivenClusters(now(request), kubeconfigs, this.#options.live.context));
      const section = this.#clusters(added);
      return { names: namesOf(section, given, request), next: { ...added, clusters: section.added.with(given) } };
    });
  }

  removeRegistry(id: string, by: string): Promise<ChangeOutcome> {
    return this.#set({ by }, (added) => {
      const section = this.#registries(added);
      mustBeAdded(section, id);
      return { names: { ...nothing, removed: [id] }, next: { ...added, registries: section.added.without([id]) } };
    });
  }

  removeCluster(id: string, by: string): Promise<ChangeOutcome> {
    return this.#set({ by }, (added) => {
      const section = this.#clusters(added);
      mustBeAdded(section, id);
      const { defaultCluster } = added;
      const next = { ...added, clusters: section.added.without([id]), defaultCluster: defaultCluster === id ? undefined : defaultCluster };
      return { names: { ...nothing, removed: [id] }, next };
    });
  }

  setDefaultCluster(id: string | undefined, by: string): Promise<ChangeOutcome> {
    return this.#set({ by, defaultCluster: id ?? "" }, (added) => {
      const { file } = this.#options.live;
      if (file.config.clusters.default !== undefined) {
        const { position } = { position: text(file.positionOf(["clusters", "default"])) };
        throw new ChangeRefused("taken", `the configuration names the default cluster (${position}): change it there`);
      }
      const known = [...this.clusters().map((cluster) => cluster.id)];
      if (id !== undefined && !known.includes(id) && this.#options.discovered(id) === undefined) {
        throw new ChangeRefused("unknown", `there is no cluster ${id}${didYouMean(id, known)}`);
      }
      const isSame = added.defaultCluster === id;
      const names = id === undefined || isSame ? { ...nothing, unchanged: id === undefined ? [] : [id] } : { ...nothing, changed: [id] };
      return { names, next: { ...added, defaultCluster: id } };
    });
  }

  async #set(
    who: { readonly by: string; readonly defaultCluster?: string },
    change: (added: AddedEntries) => { readonly names: Names; readonly next: AddedEntries },
  ): Promise<ChangeOutcome> {
    const { live, log } = this.#options;
    let names = nothing;
    const notKept = await live.change((added) => {
      const changed = change(added);
      names = changed.names;
      return changed.next;
    });
    const { by, defaultCluster } = who;
    const { added, changed, removed } = names;
    log.info(
      { by, added, changed, removed, ...(defaultCluster !== undefined && { defaultCluster }), ...(notKept !== undefined && { notKept }) },
      "changed by the admin API, on this replica only",
    );
    return { ...names, notKept };
  }

  #registries({ registries }: AddedEntries): Section<AddedConfig<"registries">> {
    const { file } = this.#options.live;
    return {
      noun: "registry",
      own: file.config.registries,
      added: registries,
      typeOf: ({ type }) => type,
      excerptOf: (written) => ({ registries: [written] }),
      positionOf: (index) => file.positionOf(["registries", index]),
    };
  }

  #clusters({ clusters }: AddedEntries): Section<AddedConfig<"clusters">> {
    const { file } = this.#options.live;
    return {
      noun: "cluster",
      own: file.config.clusters.list,
      added: clusters,
      typeOf: () => "",
      excerptOf: (written) => ({ clusters: { list: [written] } }),
      positionOf: (index) => file.positionOf(["clusters", "list", index]),
      elsewhere: this.#options.discovered,
    };
  }
}

type AddedConfig<List extends "registries" | "clusters"> = AddedEntries[List] extends AddedList<infer T> ? T : never;

/** The configuration's own first; in order of precedence. */
function entriesOf<T extends { readonly id: string }>({ own, added, typeOf, excerptOf, positionOf }: Section<T>): readonly OwnedEntry[] {
  return [
    ...own.map((entry, index) => ({ id: entry.id, type: typeOf(entry), position: text(positionOf(index)) })),
    ...added.entries.map(({ addition: { id, by, at, written }, config, problem }) => {
      const type = config === undefined ? String((written as { type?: unknown }).type ?? "") : typeOf(config);
      return { id, type, position: undefined, by, at, excerpt: excerptOf(written), problem };
    }),
  ];
}

/** What a change comes to. @throws ChangeRefused */
function namesOf<T extends { readonly id: string }>(section: Section<T>, given: readonly Added<T>[], { onlyNew }: ChangeRequest): Names {
  const { noun, added } = section;
  const before = (id: string) => added.get(id);
  for (const { addition } of given) {
    const { id } = addition;
    const earlier = before(id)?.addition;
    mustBeFree(section, id);
    if (onlyNew && earlier !== undefined) {
      const since = new Date(earlier.at).toISOString();
      throw new ChangeRefused("taken", `${noun} ${id} was added by ${earlier.by} at ${since}; \`set\` changes it`);
    }
  }
  const ids = (is: (one: Added<T>) => boolean) => given.filter(is).map(({ addition }) => addition.id);
  const isNew = ({ addition }: Added<T>) => before(addition.id) === undefined;
  const isSame = (one: Added<T>) => {
    const earlier = before(one.addition.id);
    return isDeepStrictEqual([earlier?.config, earlier?.addition.kubeconfig], [one.config, one.addition.kubeconfig]);
  };
  const names = {
    added: ids(isNew),
    changed: ids((one) => !isNew(one) && !isSame(one)),
    unchanged: ids((one) => !isNew(one) && isSame(one)),
    removed: [],
  };
  if (added.size + names.added.length > mostAdditions) {
    throw new ChangeRefused("full", `more than ${mostAdditions} cannot be added; the configuration file has room`);
  }
  return names;
}

/** Not the configuration's, nor found elsewhere. @throws ChangeRefused */
function mustBeFree<T extends { readonly id: string }>({ noun, own, added, positionOf, elsewhere }: Section<T>, id: string): void {
  const index = own.findIndex((entry) => entry.id === id);
  if (index >= 0) throw new ChangeRefused("taken", `${noun} ${id} is the configuration's (${text(positionOf(index))}): change it there`);
  const owner = added.get(id) === undefined ? elsewhere?.(id) : undefined;
  if (owner !== undefined) throw new ChangeRefused("taken", `${noun} ${id} is known already, from ${owner}`);
}

/** @throws ChangeRefused */
function mustBeAdded<T extends { readonly id: string }>(section: Section<T>, id: string): void {
  if (section.added.get(id) !== undefined) return;
  mustBeFree(section, id);
  const known = section.added.additions.map((addition) => addition.id);
  throw new ChangeRefused("unknown", `no ${section.noun} ${id} was added at run time${didYouMean(id, known)}`);
}

/** @throws ChangeRefused with a line for each problem */
function read<T>(reading: () => T): T {
  try {
    return reading();
  } catch (error) {
    if (error instanceof ConfigErrors) throw new ChangeRefused("invalid", error.message);
    throw error;
  }
}

function now({ text: given, shownAs, by }: ChangeRequest): GivenText {
  return { text: given, shownAs, by, at: Date.now() };
}

function text({ file, line, column }: Position): string {
  return [file, line, column].filter((part) => part !== undefined).join(":");
}
