/** A worker that hangs or floods must leave the processor to the thread that answers istiod. */
import { getPriority, setPriority } from "node:os";

/** As `nice` counts: a tenth of the weight of 0, where both want the same processor. */
const priority = 10;

/** The calling thread from now on; only on Linux, where threads have priorities of their own. */
export function giveWay(): void {
  if (process.platform === "linux" && getPriority() < priority) setPriority(priority);
}
