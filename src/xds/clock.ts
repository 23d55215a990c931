/** Time as the stream logic sees it, so that tests can move it. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls back once after `ms`; the returned function cancels. */
  schedule(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
