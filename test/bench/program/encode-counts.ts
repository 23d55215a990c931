/** Counts, in this process and from its import on, what is done per resource and not per client. */
import { ReverseWriter } from "../../../src/snapshot/reverse-writer.ts";
import { FrameCache } from "../../../src/xds/delta/frame-cache.ts";

let encoded = 0;
const caches = new Set<FrameCache>();

const { reset } = ReverseWriter.prototype;
/** Encoding an object begins with it, and nothing else does. */
ReverseWriter.prototype.reset = function (this: ReverseWriter) {
  encoded += 1;
  reset.call(this);
};

const { frame } = FrameCache.prototype;
FrameCache.prototype.frame = function (this: FrameCache, ...resource) {
  caches.add(this);
  return frame.apply(this, resource);
};

export function encodeCounts(): { readonly encoded: number; readonly framed: number } {
  return { encoded, framed: [...caches].reduce((sum, cache) => sum + cache.framed, 0) };
}
