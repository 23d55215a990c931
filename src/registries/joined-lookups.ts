/**
 * Looks host names up, each at most once at a time. The system's resolver cannot be interrupted, and all
 * registries share the two threads of the process that may ask it. So an attempt to connect that is given
 * up does not leave a look-up behind that the next one repeats: the next one waits for the same answer.
 */
import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import type { LookupFunction } from "node:net";

type Answer = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** @param ask the system's resolver */
export function joinedLookups(ask: (host: string, options: LookupOptions, answer: Answer) => void = lookup): LookupFunction {
  const waiting = new Map<string, Answer[]>();
  return (host, options, callback) => {
    const question = JSON.stringify([host, options.all, options.family, options.hints, options.order]);
    const others = waiting.get(question);
    if (others) {
      others.push(callback);
      return;
    }
    const all: Answer[] = [callback];
    waiting.set(question, all);
    ask(host, options, (...answer) => {
      waiting.delete(question);
      for (const each of all) each(...answer);
    });
  };
}
