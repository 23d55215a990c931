/** The table of faults as a page of the documentation: no dates, and times only as the bound they keep. */

export interface FaultRow {
  readonly fault: string;
  /** By the name of the setting, the ms from the fault's end until a change made after it was seen, by each view. */
  readonly recoveries: ReadonlyMap<string, readonly number[]>;
  /** The longest that it took to notice, ms; absent where nothing had to be noticed. */
  readonly noticed?: number;
  readonly wronglyRemoved: number;
}

export interface NeighbourRow {
  readonly trouble: string;
  /** Changes of the other registry that were made meanwhile. */
  readonly changes: number;
  /** From a change to its being seen, ms. */
  readonly median: number;
  readonly slowest: number;
  readonly wronglyRemoved: number;
}

export interface ReconnectRow {
  readonly what: string;
  readonly times: number;
  /** Connections made, in all. */
  readonly connections: number;
  /** The longest from a break to a change made behind it being seen, ms. */
  readonly slowest: number;
  readonly wronglyRemoved: number;
}

export interface Versions {
  readonly istiod: string;
  readonly frameworks: readonly string[];
}

export class FaultTable {
  readonly #faults: FaultRow[] = [];
  readonly #neighbours: NeighbourRow[] = [];
  readonly #reconnects: ReconnectRow[] = [];

  addFault(row: FaultRow): void {
    this.#faults.push(row);
  }

  addNeighbour(row: NeighbourRow): void {
    this.#neighbours.push(row);
  }

  addReconnect(row: ReconnectRow): void {
    this.#reconnects.push(row);
  }

  toMarkdown({ istiod, frameworks }: Versions): string {
    const settings = [...new Set(this.#faults.flatMap(({ recoveries }) => [...recoveries.keys()]))];
    const faults = this.#faults.map(({ fault, noticed, wronglyRemoved, recoveries }) => [
      fault,
      noticed === undefined ? "" : atMost(noticed),
      String(wronglyRemoved),
      ...settings.map((setting) => recoveries.get(setting)?.map(atMost).join(" / ") ?? ""),
    ]);
    const neighbours = this.#neighbours.map(({ trouble, changes, median, slowest, wronglyRemoved }) => [
      trouble,
      String(changes),
      atMost(median),
      atMost(slowest),
      String(wronglyRemoved),
    ]);
    const reconnects = this.#reconnects.map(({ what, times, connections, slowest, wronglyRemoved }) => [
      what,
      String(times),
      String(connections),
      atMost(slowest),
      String(wronglyRemoved),
    ]);
    return `# ZooKeeper: what faults cost

<!-- Written by \`npm run e2e -- zookeeper --full\`; edit test/e2e/zookeeper-faults/fault-table.ts. -->

Each row is a fault played on real ZooKeeper servers, alone and as ensembles of three, through a TCP proxy where it is
the network that fails. The registered applications are real ones (${frameworks.join(", ")}), whose sessions last 5 to
10 s, beside 90 static providers. Tributary's own session time-out is 4 s, everything else is as it comes.

Two watch from the far end for every endpoint that is taken away, from the begin of a fault until the hold behind it
(\`protection.hold\`) is over: a delta xDS client, and a sidecar of a real istiod (${istiod}). *Wrongly removed* are
endpoints whose application was running, or was stopped without saying so and started again.

## Faults

*Noticed* is the time until the registry counts as unreachable. In the columns of the settings: how long after the end of
the fault a change is seen that was made after it, by the delta client / by the sidecar. istiod gathers changes for 0.1 s
before it tells its sidecars.

${table(["fault", "noticed", "wrongly removed", ...settings], faults)}

## Neighbours

Two registries in one Tributary, 3.8.4 with one server and 3.9.3 with three. While the former is in trouble, changes of
the latter arrive as ever.

${table(["one registry", "changes of the other", "seen after (median)", "slowest", "wrongly removed"], neighbours)}

## Reconnects

${table(["connections of", "broken", "made again", "a change seen after", "wrongly removed"], reconnects)}

## What no real server plays

Unknown error codes, unknown events, a refused authentication scheme, bad frames and answers that never come are played by
a server of our own in \`npm test\` (\`test/registries/zookeeper/connection\`).
`;
  }
}

/** The smallest of a few bounds that holds, so that the page changes only when a figure really does. */
export function atMost(ms: number): string {
  const bound = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 30, 60].find((seconds) => ms <= seconds * 1_000);
  return bound === undefined ? "> 60 s" : `≤ ${bound} s`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
