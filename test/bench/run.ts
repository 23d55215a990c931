/**
 * `npm run bench`: every benchmark, one table, each target beside its figure.
 *
 *   npm run bench                      all of them, about fifteen minutes
 *   npm run bench -- spine-1k listen   some
 *   npm run bench -- --json            a list of {name, value, unit, target, ok}
 *   npm run bench -- --runs 3          median of three runs instead of five
 *   npm run bench -- --strict          a missed target is a failure
 *
 * Exits 0 if every benchmark could be run, whatever it measured; 2 on wrong usage.
 */
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { benches } from "./benches.ts";
import { judge, type Verdict } from "./figure.ts";
import { table } from "./table.ts";

// The servers' logs get a folder of their own.
process.env.E2E_SUITE ??= "bench";

const say = (line: string) => console.error(`bench: ${line}`);

function usage(problem: string): never {
  say(`${problem}; known: ${benches.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: "boolean" }, strict: { type: "boolean" }, runs: { type: "string", default: "5" } },
    });
    const runs = Number(values.runs);
    if (!Number.isInteger(runs) || runs < 1) usage(`--runs ${values.runs} is no number of runs`);
    for (const name of positionals) if (!benches.some((bench) => bench.name === name)) usage(`no benchmark is called ${name}`);
    return { ...values, runs, names: positionals };
  } catch (error) {
    return usage((error as Error).message);
  }
}

const { json, strict, runs, names } = readArguments();
// What others do on this machine takes its share of every figure.
const loadBefore = loadavg()[0]!.toFixed(1);
const verdicts: Verdict[] = [];
let failed = false;
for (const bench of benches) {
  if (names.length > 0 && !names.includes(bench.name)) continue;
  const start = performance.now();
  try {
    say(`${bench.name} …`);
    verdicts.push(...judge(bench, await bench.run({ runs, say: (line) => say(`${bench.name}: ${line}`) })));
    say(`${bench.name}: done in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  } catch (error) {
    failed = true;
    say(`${bench.name} could not run: ${error instanceof Error ? error.message : error}`);
  }
}
if (json) console.log(JSON.stringify(verdicts, undefined, 2));
else {
  const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ${gibibytes} GiB, load before ${loadBefore}`;
  console.log(`${machine}; Node ${process.versions.node}, medians of ${runs} runs\n`);
  console.log(table(verdicts));
}
const missed = verdicts.filter(({ ok }) => ok === false);
if (missed.length > 0) say(`${missed.length} of ${verdicts.filter(({ ok }) => ok !== null).length} targets missed`);
process.exit(failed || (strict && missed.length > 0) ? 1 : 0);
