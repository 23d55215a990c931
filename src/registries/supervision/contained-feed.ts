/** A feed that never throws: what goes wrong downstream with one word costs that word, not the process or the registry's queue. */
import type { Logger } from "../../log/logger.ts";
import type { Feed } from "../feed.ts";

/** Log lines of failures are at least this far apart, in ms: a defect of ours can fail every word of a listing. */
const quietMs = 1_000;

/** @param log told of failures, at most once a second and with the number of those between; a change that failed is not told again until the item changes. */
export function containedFeed(feed: Feed, log: Logger): Feed {
  let loggedAt = Number.NEGATIVE_INFINITY;
  let unlogged = 0;
  const contained = (registry: string, what: string, action: () => void): void => {
    try {
      action();
    } catch (error) {
      if (performance.now() - loggedAt < quietMs) {
        unlogged += 1;
        return;
      }
      loggedAt = performance.now();
      log.error({ registry, what, unlogged, err: error }, "taking over a registry's word failed; what was known before stays");
      unlogged = 0;
    }
  };
  return {
    upsert: (registry, id, text, seenAt) => contained(registry, `upsert ${id}`, () => feed.upsert(registry, id, text, seenAt)),
    remove: (registry, id, seenAt) => contained(registry, `remove ${id}`, () => feed.remove(registry, id, seenAt)),
    listed: (registry, ids, seenAt) => contained(registry, "listed", () => feed.listed(registry, ids, seenAt)),
    status: (registry, status) => contained(registry, "status", () => feed.status(registry, status)),
    problem: (registry, problem, count) => contained(registry, `problem ${problem.code}`, () => feed.problem(registry, problem, count)),
  };
}
