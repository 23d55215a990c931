import type { Waiting } from "../runtime/one-shot.ts";

/** Says on standard error which registries a command is waiting for, and why, so that silence has a reason. */
export function tellWaiting(timeoutSeconds: number): (waiting: readonly Waiting[]) => void {
  return (waiting) => {
    for (const { id, reason } of waiting) {
      console.error(`waiting  ${id}: ${reason ?? "no complete listing yet"} (until --timeout, ${timeoutSeconds} s)`);
    }
  };
}
