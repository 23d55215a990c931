/**
 * Loaded into a measured process by `--import`: watches how long its event loop serves nothing
 * else, and writes that to the file `LOOP_PROBE` names whenever SIGUSR2 comes.
 *
 * The timer behind it fires every millisecond, so a block is told up to 1 ms too long; time in
 * which the system ran other processes counts as well.
 */
import { renameSync, writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";

/** Milliseconds, since the last SIGUSR2. */
export interface LoopDelay {
  readonly max: number;
  readonly p999: number;
}

const file = process.env.LOOP_PROBE;

if (isMainThread && file !== undefined) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  process.on("SIGUSR2", () => {
    const measured: LoopDelay = { max: delay.max / 1e6, p999: delay.percentile(99.9) / 1e6 };
    delay.reset();
    writeFileSync(`${file}.new`, JSON.stringify(measured));
    renameSync(`${file}.new`, file);
  });
}
