/** Asks istiod's debug ports in their order until one gives a whole dump. */
import { Comparison, type Expected } from "./comparison.ts";
import { DumpError } from "./dump-error.ts";
import type { Failure, Outcome } from "./findings.ts";
import { type DumpLimits, readDump } from "./read-dump.ts";

export interface Question {
  readonly ports: readonly number[];
  readonly limits: DumpLimits;
  /** Most differences that are listed. */
  readonly maxDifferences: number;
}

export async function askPorts({ ports, limits, maxDifferences }: Question, expected: Expected): Promise<Outcome> {
  const failures: Failure[] = [];
  for (const port of ports) {
    // A port that fails may have told of some objects before.
    const comparison = new Comparison(expected, maxDifferences);
    try {
      const size = await readDump(port, limits, (object) => comparison.saw(object));
      return { port, ...size, ...comparison.finish() };
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
      failures.push({ failure: error.reason, detail: `port ${port}: ${error.message}` });
    }
  }
  // A port that answered somehow is more likely istiod's than one where nobody listens.
  const telling = failures.find(({ failure }) => failure !== "no-answer") ?? failures[0];
  return { failure: telling?.failure ?? "no-answer", detail: failures.map(({ detail }) => detail).join("; ") };
}
