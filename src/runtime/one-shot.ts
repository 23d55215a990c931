/** Runs the pipeline until every registry was listed, for commands that look and go. */
import type { Config } from "../config/schema.ts";
import type { Logger } from "../log/logger.ts";
import { Pipeline } from "./pipeline.ts";

export interface OneShot {
  readonly pipeline: Pipeline;
  /** Registries that did not give a complete listing in time. */
  readonly missing: readonly string[];
}

/** Optional registries are waited for as well: whoever checks wants to see all of them. */
export async function runOnce(config: Config, log: Logger, timeoutMs: number): Promise<OneShot> {
  const everything = { ...config, registries: config.registries.map((registry) => ({ ...registry, required: true })) };
  const pipeline = new Pipeline(everything, log);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    pipeline.completeness.whenComplete(() => {
      clearTimeout(timer);
      resolve();
    });
  });
  const missing = config.registries.map(({ id }) => id).filter((id) => !pipeline.supervisor.status(id)?.synced);
  return { pipeline, missing };
}
