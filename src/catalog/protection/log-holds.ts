/** What the log says of holds: the beginning of each, and its end. */
import type { Logger } from "../../log/logger.ts";
import type { Hold, ItemHold } from "./hold.ts";

export function logHolds(registry: string, log: Logger) {
  const fields = (hold: Hold | ItemHold) => ({ registry, ...("itemId" in hold && { item: hold.itemId }), why: hold.why });
  const named = (hold: Hold | ItemHold) => ("itemId" in hold ? `${hold.itemId} of registry ${registry}` : `registry ${registry}`);
  return {
    opened(hold: Hold | ItemHold): void {
      const { detail, until } = hold;
      const end = until === undefined ? {} : { until: new Date(until).toISOString() };
      log.warn({ ...fields(hold), detail, ...end }, `${beginning[hold.why]} ${named(hold)}: ${detail}`);
    },
    closed(hold: Hold | ItemHold, honoured: number): void {
      log.info({ ...fields(hold), honoured }, `the hold of ${named(hold)} ended (${hold.why})`);
    },
  };
}

const beginning: Readonly<Record<Hold["why"], string>> = {
  reconnect: "holding shrinkage of",
  restart: "holding shrinkage of",
  suspicion: "holding shrinkage of",
  "mass-removal": "holding a mass removal of",
  growth: "sudden growth of",
  freeze: "frozen, nothing leaves:",
  pause: "paused, nothing is read:",
};
