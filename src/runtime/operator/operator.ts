/** Carries out what operators say to this process: logs who says it, keeps it, and applies it. */
import type { Operations, OperatorVerb, Released, Said, StandingWord } from "../../admin/operations.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { Logger } from "../../log/logger.ts";
import { registryOf } from "../../registries/source-id.ts";
import type { RegistrySources } from "../registry-sources.ts";
import { everything, type WordKind } from "./local-words.ts";
import type { OperatorWords } from "./operator-words.ts";

export interface OperatedRooms {
  readonly catalog: Catalog;
  readonly sources: RegistrySources;
  readonly operator: OperatorWords;
}

const kindOf: Readonly<Record<OperatorVerb, WordKind>> = { freeze: "frozen", unfreeze: "frozen", pause: "paused", resume: "paused" };

export class Operator implements Operations {
  readonly #rooms: OperatedRooms;
  readonly #log: Logger;

  constructor(rooms: OperatedRooms, log: Logger) {
    this.#rooms = rooms;
    this.#log = log;
  }

  targets(): readonly string[] {
    const { sources, operator } = this.#rooms;
    const { frozen, paused } = operator.local;
    // What was said of a cluster that is away can be taken back.
    const said = [...frozen.keys(), ...paused.keys()].filter((name) => name !== everything);
    return [...new Set([...sources.registries, ...sources.configs.map(({ id }) => id), ...said])];
  }

  release(target: string, by: string): Released | undefined {
    const released = this.#releaseRegistries(target) ?? this.#releaseHosts(target);
    if (released !== undefined) this.#log.warn({ by, target, ...released }, `released by ${by}: ${target}`);
    return released;
  }

  async say(verb: OperatorVerb, registry: string | undefined, by: string): Promise<Said> {
    const { sources, operator } = this.#rooms;
    const kind = kindOf[verb];
    const said = verb === "freeze" || verb === "pause";
    const changed = operator.set(kind, registry ?? everything, said ? { by, since: Date.now() } : undefined);
    this.#log.warn({ by, registry: registry ?? "all", changed }, `${verb} of ${registry ?? "all registries"}, by ${by}`);
    if (changed) sources.applyWords();
    const notKept = await operator.keep();
    if (notKept !== undefined) this.#log.warn({ by }, `what operators said does not survive a restart: ${notKept}`);
    return { changed, standing: this.standing(kind), notKept };
  }

  /** Everything that is frozen, or paused, now. */
  standing(kind: WordKind): readonly StandingWord[] {
    return this.#rooms.sources.configs.flatMap(({ id, operator }) => {
      const word = operator?.[kind];
      return word === undefined ? [] : [{ registry: id, word }];
    });
  }

  #releaseRegistries(target: string): Released | undefined {
    const { catalog, sources } = this.#rooms;
    const registries = sources.configs.map(({ id }) => id).filter((id) => id === target || registryOf(id) === target);
    if (registries.length === 0) return undefined;
    const count = registries.reduce((sum, id) => sum + (catalog.release(id) ?? 0), 0);
    return { registries, hosts: [], count };
  }

  /** By host, or by what a registry calls the service. */
  #releaseHosts(target: string): Released | undefined {
    const { catalog } = this.#rooms;
    const named = catalog.explain(target.toLowerCase()).length > 0 ? [target.toLowerCase()] : hostsOf(catalog, target);
    const counts = named.flatMap((host) => catalog.releaseHost(host) ?? []);
    return counts.length === 0 ? undefined : { registries: [], hosts: named, count: counts.reduce((sum, count) => sum + count, 0) };
  }
}

function hostsOf(catalog: Catalog, service: string): readonly string[] {
  return catalog.find(service).flatMap(({ host }) => host ?? []);
}
