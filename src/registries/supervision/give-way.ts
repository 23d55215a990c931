/** A worker that hangs or floods must leave the processor to the thread that answers istiod. Only on Linux, where threads have priorities. */
import { readlinkSync } from "node:fs";
import { getPriority, setPriority } from "node:os";

/** As `nice` counts: a tenth of the weight of 0, where both want the same processor. */
const priority = 10;

/** From now on. @param thread as `ownThread` names it; 0: the calling one */
export function giveWay(thread = 0): void {
  if (process.platform !== "linux") return;
  try {
    if (getPriority(thread) < priority) setPriority(thread, priority);
  } catch {
    // It has just ended, or the system does not let us: it then competes as before.
  }
}

/** What the system calls the calling thread; undefined where it has no name by which its priority can be set. */
export function ownThread(): number | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const name = readlinkSync("/proc/thread-self");
    return Number(name.slice(name.lastIndexOf("/") + 1)) || undefined;
  } catch {
    return undefined;
  }
}
