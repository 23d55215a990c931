/** What a candidate configuration would change in the running state, without applying anything. */
import { isDeepStrictEqual } from "node:util";
import type { RegistryChange, StateDiff } from "../../admin/state-diff.ts";
import { diffConfig } from "../../config/diff.ts";
import type { LoadedConfig } from "../../config/load.ts";
import type { Config } from "../../config/schema.ts";
import type { Pipeline } from "../pipeline.ts";
import { asWritten, differingKeys, withRunningValues } from "./as-written.ts";
import { candidateState } from "./candidate-state.ts";
import { compare } from "./compare.ts";
import { parseCandidate } from "./parse-candidate.ts";

export interface Candidate {
  readonly text: string;
  /** How messages call it. */
  readonly shownAs: string;
}

/** @throws CandidateErrors when the configuration cannot be read; the signal's reason */
export async function diffCandidate(
  pipeline: Pick<Pipeline, "catalog" | "store" | "sources">,
  loaded: LoadedConfig,
  { text, shownAs }: Candidate,
  signal: AbortSignal,
): Promise<StateDiff> {
  const candidate = await parseCandidate({ text, file: loaded.file, shownAs }, signal);
  signal.throwIfAborted();
  const running = { config: loaded.config, written: asWritten(loaded.config, loaded.written) };
  const candidateConfig = withImports(candidate.config, loaded);
  const written = asWritten(candidateConfig, candidate.written);
  const next = withRunningValues({ config: candidateConfig, written }, running);
  const before = pipeline.store.current();
  const sources = pipeline.sources.configsOf(next.registries, next.freeze);
  const state = await candidateState({ mesh: next.mesh, merging: next.merging, sources }, pipeline.catalog, before, signal);
  const { moving, ...objects } = await compare(before, state, () => pipeline.store.current(), signal);
  const { sections, needsRestart } = diffConfig(running.written, written);
  const registries = registryChanges(running.written, written);
  return {
    sections,
    needsRestart,
    registries,
    objects,
    notes: notesOf(pipeline, running.config, next, registries, candidate.written.size, moving),
  };
}

/**
 * Imported files are not read for a candidate: what they give now, they go on giving, if it names the same ones. What was
 * added at run time stays beside every file.
 */
function withImports(candidate: Config, { config, imported, added }: LoadedConfig): Config {
  const hasSameImports = isDeepStrictEqual(candidate.imports, config.imports);
  const stays = (section: "registries" | "clusters", id: string) => added[section].has(id) || (hasSameImports && imported[section].has(id));
  const own = new Set(candidate.registries.map(({ id }) => id));
  const registries = config.registries.filter(({ id }) => stays("registries", id) && !own.has(id));
  const list = config.clusters.list.filter(({ id }) => stays("clusters", id));
  const reached = config.clusters.added;
  return {
    ...candidate,
    registries: [...candidate.registries, ...registries],
    clusters: { ...candidate.clusters, list: [...candidate.clusters.list, ...list], ...(reached && { added: reached }) },
  };
}

function registryChanges(before: Config, after: Config): RegistryChange[] {
  const { registries } = diffConfig(before, after);
  const ids = (config: Config) => config.registries.map(({ id }) => id);
  const changed = registries.changed.map((registry): RegistryChange => {
    const earlier = before.registries.find(({ id }) => id === registry.id);
    return { id: registry.id, change: "changed", settings: differingKeys(earlier, registry) };
  });
  const moved = ids(before)
    .filter((id) => ids(after).includes(id))
    .filter((id, at) => ids(after).filter((one) => ids(before).includes(one))[at] !== id);
  return [
    ...registries.removed.map((id): RegistryChange => ({ id, change: "removed", settings: [] })),
    ...registries.added.map(({ id }): RegistryChange => ({ id, change: "added", settings: [] })),
    ...changed,
    ...(registries.reordered ? moved.map((id): RegistryChange => ({ id, change: "reordered", settings: [] })) : []),
  ];
}

/** Settings that decide how a registry's items are served; all others decide which items there are. */
const pure = /^(naming|protection|network|required|frozen|paused|release)(\.|$)/;

function notesOf(
  { catalog }: Pick<Pipeline, "catalog">,
  before: Config,
  next: Config,
  changes: readonly RegistryChange[],
  references: number,
  moving: number,
): string[] {
  const typeOf = (config: Config, id: string) => config.registries.find((registry) => registry.id === id)?.type;
  const notes: string[] = [];
  for (const { id, change, settings } of changes) {
    if (change === "added") notes.push(`registry ${id} is new: what it gives is known only once it runs`);
    else if (change === "changed" && typeOf(before, id) !== typeOf(next, id)) {
      notes.push(`registry ${id} is of another type: what it gives then is known only once it runs`);
    } else if (settings.some((setting) => !pure.test(setting))) {
      notes.push(`registry ${id} would be read anew with other settings: it is compared as if it went on giving what it gives now`);
    }
  }
  for (const { id, drained } of catalog.reports()) {
    if (drained) notes.push(`registry ${id} is drained: it is compared as if it were not`);
  }
  if (references > 0) notes.push("references (${env:…}, ${file:…}) are compared as they are written; new ones are not resolved");
  if (moving > 0) notes.push(`${moving} objects changed while they were compared, and are left out`);
  return notes;
}
