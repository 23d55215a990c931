/** Runs the pipeline until every registry was listed, for commands that look and go. */
import type { Config } from "../config/schema.ts";
import type { Logger } from "../log/logger.ts";
import { Pipeline } from "./pipeline.ts";
import { startRegistries } from "./started-registries.ts";

export interface OneShotOptions {
  /** How long registries may take for their first complete listing. */
  readonly timeoutMs: number;
  /** Told once, after two seconds, when registries are still to come. */
  readonly onWaiting?: (registries: readonly Waiting[]) => void;
}

/** A registry that gave no complete listing yet. */
export interface Waiting {
  readonly id: string;
  /** What it said last about why; absent if it said nothing. */
  readonly reason: string | undefined;
}

export interface OneShot {
  readonly pipeline: Pipeline;
  /** Registries that did not give a complete listing in time. */
  readonly missing: readonly string[];
}

const patience = 2_000;
/** Whoever looks once wants to see each. */
const mostProblems = 100_000;

/** Optional registries are waited for as well: whoever checks wants to see all of them. */
export async function runOnce(config: Config, log: Logger, { timeoutMs, onWaiting }: OneShotOptions): Promise<OneShot> {
  const everything = {
    ...config,
    // One that is paused is looked at all the same: the pause is the server's.
    registries: config.registries.map((registry) => ({ ...registry, required: true, paused: false })),
    clusters: { ...config.clusters, list: config.clusters.list.map((cluster) => ({ ...cluster, optional: false })) },
  };
  const pipeline = new Pipeline(everything, log, startRegistries(everything, log, undefined, { mostProblems }));
  const waiting = (): Waiting[] =>
    pipeline.sources.configs
      .map(({ id }) => ({ id, status: pipeline.supervisor.status(id) }))
      .filter(({ status }) => !status?.synced)
      .map(({ id, status }) => ({ id, reason: status?.reason }));
  await new Promise<void>((resolve) => {
    const notice = setTimeout(() => onWaiting?.(waiting()), patience);
    const done = () => {
      clearTimeout(notice);
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, timeoutMs);
    pipeline.completeness.whenComplete(done);
  });
  return { pipeline, missing: waiting().map(({ id }) => id) };
}
