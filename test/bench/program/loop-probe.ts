/**
 * Loaded into a measured process by `--import`: watches how long its event loop serves nothing
 * else, and writes that to the file `LOOP_PROBE` names whenever SIGUSR2 comes.
 *
 * The timer behind it fires every millisecond, so a block is told up to 1 ms too long. The time that the thread waited for
 * a processor (Linux counts it, `schedstat`) is the machine's doing: it is told, but not with ours.
 */
import { openSync, readSync, renameSync, writeFileSync } from "node:fs";
import { createHistogram } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";

/** Milliseconds, since the last SIGUSR2. */
export interface LoopDelay {
  /** Without the time that the thread waited for a processor. */
  readonly max: number;
  readonly p999: number;
  /** With that time. */
  readonly maxWithWaits: number;
}

const file = process.env.LOOP_PROBE;

if (isMainThread && file !== undefined) {
  const ours = createHistogram();
  const whole = createHistogram();
  const schedstat = openSync("/proc/thread-self/schedstat", "r");
  const bytes = Buffer.alloc(128);
  /** ns that the thread could run and did not, since its start: the second of three numbers. */
  const waited = (): number => Number(bytes.toString("latin1", 0, readSync(schedstat, bytes, 0, bytes.length, 0)).split(" ")[1]);
  let last = { at: performance.now(), waited: waited() };
  setInterval(() => {
    const now = { at: performance.now(), waited: waited() };
    const gap = Math.round((now.at - last.at) * 1e6);
    whole.record(Math.max(1, gap));
    ours.record(Math.max(1, gap - (now.waited - last.waited)));
    last = now;
  }, 1).unref();
  process.on("SIGUSR2", () => {
    const measured: LoopDelay = { max: ours.max / 1e6, p999: ours.percentile(99.9) / 1e6, maxWithWaits: whole.max / 1e6 };
    ours.reset();
    whole.reset();
    writeFileSync(`${file}.new`, JSON.stringify(measured));
    renameSync(`${file}.new`, file);
  });
}
