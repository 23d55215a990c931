/** A freeze is easily forgotten: as long as one stands, the log says so again and again. */
import type { StandingWord } from "../../admin/operations.ts";
import type { Logger } from "../../log/logger.ts";

/** ms. */
const interval = 10 * 60_000;

/** The beginning is logged by the catalog. Gives what ends it; never keeps the process alive. */
export function remindOfFreeze(frozen: () => readonly StandingWord[], log: Logger): () => void {
  const timer = setInterval(() => {
    const standing = frozen();
    if (standing.length === 0) return;
    const registries = standing.map(({ registry, word }) => `${registry} (${word})`);
    log.warn({ registries }, "still frozen: nothing leaves of these registries until the freeze is taken back");
  }, interval).unref();
  return () => clearInterval(timer);
}
