/**
 * Collects this thread's garbage, in the background as far as V8 can. After a first listing most of
 * the heap is garbage, and V8 would keep it until much more was allocated; an idle mesh allocates
 * nothing. Does nothing unless Node was started with `--expose-gc`, as our launcher does.
 */
export function collectGarbage(): void {
  const gc = globalThis.gc as ((options: { type: "major"; execution: "async" }) => Promise<void>) | undefined;
  gc?.({ type: "major", execution: "async" });
}
