/** What the kernel says about another process (Linux). */
import { readFileSync } from "node:fs";

/** Ticks per second of /proc: 100 on every Linux that Node runs on. */
const ticks = 100;

/** User and system time of all threads so far, in seconds. */
export function cpuSeconds(pid: number): number {
  return secondsOf(`/proc/${pid}/stat`);
}

/** The same of the main thread alone. */
export function mainThreadSeconds(pid: number): number {
  return secondsOf(`/proc/${pid}/task/${pid}/stat`);
}

function secondsOf(file: string): number {
  const stat = readFileSync(file, "utf8");
  // The second field is the command in parentheses and may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

export interface Memory {
  /** Resident now, in MiB. */
  readonly resident: number;
  /** The most that was ever resident, in MiB. */
  readonly peak: number;
}

export function memory(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const read = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
  return { resident: read("VmRSS"), peak: read("VmHWM") };
}
