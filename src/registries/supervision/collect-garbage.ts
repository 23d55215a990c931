/**
 * Collects this thread's garbage and gives the memory back to the system. After the first listings
 * most of the heap is garbage, and V8 would keep it until much more was allocated; an idle mesh
 * allocates nothing. Blocks the thread: 0.25 s for 10,000 services with 10 endpoints each (305 MiB
 * resident before, 199 after). Does nothing unless Node was started with `--expose-gc`, as our
 * launcher does.
 */
export function collectGarbage(): void {
  const gc = globalThis.gc as ((options: { type: "major"; execution: "sync"; flavor: "last-resort" }) => void) | undefined;
  gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}
