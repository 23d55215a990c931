/** Options of Node for a measured process. */

/** Those that `npm start` and the command's first line give; then, to look closer, those of BENCH_NODE_OPTIONS. */
export function nodeOptions(): string[] {
  const looking = process.env.BENCH_NODE_OPTIONS?.split(" ").filter((option) => option !== "") ?? [];
  return [
    "--max-semi-space-size=8",
    "--no-parallel-scavenge",
    "--initial-old-space-size=100",
    "--v8-pool-size=1",
    "--expose-gc",
    ...looking,
  ];
}
