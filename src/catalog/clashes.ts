/** Everything about hosts and names that somebody wanted and did not get, in one list. */
import type { Collision } from "../naming/collisions.ts";
import type { ReadyResources } from "./ready-resources.ts";
import type { ServiceIndex } from "./service-index.ts";
import type { Source } from "./source.ts";

/**
 * - `host-…`, `bad-template`: a registry's service (or one of its hosts) is refused
 * - `host-collision`: several services want one host; all but one carry a hash
 * - `ready-wins`: a ready ServiceEntry has the host or name of a generated one, which is withheld
 * - `duplicate-resource`: two registries give a ready object of one name; the first in the configuration wins
 */
export interface Clash {
  /** Stable word, listed in `docs/errors.md`. */
  readonly code:
    | "host-collision"
    | "ready-wins"
    | "duplicate-resource"
    | "host-under-cluster-domain"
    | "host-outside-suffix"
    | "host-invalid"
    | "bad-template";
  /** `registry: item` or a catalog key. */
  readonly where: string;
  readonly message: string;
}

export function refusalClashes(source: Source): readonly Clash[] {
  return [...source.refusals].flatMap(([itemId, refusals]) =>
    refusals.map(({ code, message }) => ({ code, where: `${source.id}: ${itemId}`, message })),
  );
}

export function collisionClash({ namespace, host, keeps, moved }: Collision): Clash {
  const others = moved.map((other) => `${other.identity} ${other.host === undefined ? "does without" : `gets ${other.host}`}`);
  return { code: "host-collision", where: `service:${namespace}/${host}`, message: `${keeps} keeps the host; ${others.join("; ")}` };
}

export function resourceClashes(resources: ReadyResources, services: ServiceIndex): readonly Clash[] {
  const clashes: Clash[] = [];
  for (const key of resources.keys()) {
    const winner = resources.winner(key);
    for (const loser of winner?.losers ?? []) {
      const message = `registries ${winner?.registry} and ${loser} both give it; the one of ${winner?.registry} is served`;
      clashes.push({ code: "duplicate-resource", where: `resource:${key}`, message });
    }
  }
  if (!resources.takesAny) return clashes;
  for (const key of services.keys()) {
    const slash = key.indexOf("/");
    const served = resources.blocking(key.slice(0, slash), key.slice(slash + 1));
    if (served === undefined) continue;
    clashes.push({ code: "ready-wins", where: `service:${key}`, message: `withheld: the ready ${served} has its host or name` });
  }
  return clashes;
}
