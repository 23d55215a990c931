/**
 * `npm run e2e [-- NAME…] [--full]`: proves Tributary against real servers.
 *
 * A suite whose tools the machine lacks is skipped, or fails with `E2E=required`. A suite whose
 * packages their registry refuses to serve is reported as not proven, which is no failure.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { logFolder } from "./install/cache.ts";
import { say } from "./install/package-client.ts";
import { MissingTool, RefusedPackage } from "./install/problems.ts";
import { type Requirement, type Suite, suites } from "./suites.ts";

const usage = `usage: npm run e2e [-- NAME…] [--full]

${suites.map(({ name, proves }) => `  ${name.padEnd(12)}${proves}`).join("\n")}

  --full      every row; without it each suite takes at most 4 minutes
  E2E=required in the environment: a missing tool is a failure`;

const total = { passed: 0, failed: 0, skipped: 0 };
const lastLines: string[] = [];
const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => interrupt.abort());

const { chosen, full } = readArguments();
process.env.E2E_FULL = full ? "1" : "0";
for (const suite of chosen) {
  if (!interrupt.signal.aborted && (await prepare(suite))) await runSuite(suite);
}
if (interrupt.signal.aborted) {
  lastLines.push("interrupted");
  total.failed += 1;
}
console.log(["", ...lastLines, `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`].join("\n"));
process.exitCode = total.failed > 0 ? 1 : 0;

function readArguments(): { chosen: readonly Suite[]; full: boolean } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { full: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
    });
    if (values.help) exitWith(usage, 0);
    const unknown = positionals.filter((name) => !suites.some((suite) => suite.name === name));
    if (unknown.length > 0) exitWith(`unknown suite: ${unknown.join(", ")}\n\n${usage}`, 2);
    const chosen = positionals.length === 0 ? suites : suites.filter(({ name }) => positionals.includes(name));
    return { chosen, full: values.full };
  } catch (error) {
    return exitWith(`${(error as Error).message}\n\n${usage}`, 2);
  }
}

function exitWith(text: string, code: number): never {
  console.error(text);
  process.exit(code);
}

/** True if everything is there that the suite cannot do without. */
async function prepare({ name, needs, needsInFull = [] }: Suite): Promise<boolean> {
  for (const need of needs) if (!(await isThere(name, need))) return false;
  const absent: string[] = [];
  for (const need of full ? needsInFull : []) if (!(await isThere(`${name} with ${need.name}`, need))) absent.push(need.name);
  process.env.E2E_ABSENT = absent.join("\n");
  return true;
}

async function isThere(what: string, { tools, install }: Requirement): Promise<boolean> {
  try {
    for (const [command, ...versionArguments] of tools) {
      if (spawnSync(command, versionArguments, { stdio: "ignore" }).status !== 0) throw new MissingTool(command);
    }
    await install();
    return true;
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof RefusedPackage) {
      lastLines.push(`not proven: ${what} (${message})`);
    } else if (error instanceof MissingTool && process.env.E2E !== "required") {
      total.skipped += 1;
      lastLines.push(`skipped: ${what} (${message})`);
    } else {
      total.failed += 1;
      lastLines.push(`failed: ${what} (${message})`);
    }
    return false;
  }
}

async function runSuite({ name, files }: Suite): Promise<void> {
  say(`suite ${name}, ${full ? "all rows" : "smoke tier"}; the servers' output is in ${logFolder(name)}`);
  rmSync(logFolder(name), { recursive: true, force: true });
  process.env.E2E_SUITE = name;
  const minutes = full ? 60 : 10;
  const events = run({
    files: files.map((file) => fileURLToPath(new URL(file, import.meta.url))),
    concurrency: false,
    timeout: minutes * 60_000,
    signal: interrupt.signal,
    // A failed test may leave a connection open; its servers end with the process.
    execArgv: ["--test-force-exit"],
  });
  events.on("test:summary", ({ file, counts }) => {
    if (file !== undefined) return;
    total.passed += counts.passed;
    total.failed += counts.tests - counts.passed - counts.skipped - counts.todo;
    total.skipped += counts.skipped;
  });
  const report = events.compose(spec);
  report.pipe(process.stdout, { end: false });
  await once(report, "end");
}
