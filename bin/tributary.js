#!/usr/bin/env -S node --max-semi-space-size=8 --no-parallel-scavenge --initial-old-space-size=100 --v8-pool-size=1 --expose-gc
// The command as npm links it. Plain JavaScript, so that nothing has to be compiled before the
// compile cache is on. V8 takes these flags from the command line only: the first bounds its young
// generation (128 MiB by default); the second leaves its collection to the thread whose garbage it is:
// helping threads cost a machine with few cores more than they give; the third starts no whole
// collection below 100 MiB, since a first listing leaves little garbage; the fourth leaves one helping
// thread; the last lets us collect what the first listings left behind.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module"; // whole: an older Node lacks the name that is used below
import { fileURLToPath } from "node:url";
import v8 from "node:v8";

const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const wanted = 24;

if (Number(process.versions.node.split(".")[0]) >= wanted) {
  // Most of a start is code that runs once: V8's better compilers wait until something is worth their time.
  // Older Nodes do not know these names, so they cannot stand above.
  v8.setFlagsFromString("--invocation-count-for-maglev=1000");
  v8.setFlagsFromString("--invocation-count-for-turbofan=30000");
  // Compiled code is kept between runs, so that a restart listens sooner; workers find the folder in
  // the environment. Silently off where no folder is writable.
  const { directory } = module.enableCompileCache();
  if (directory !== undefined) process.env.NODE_COMPILE_CACHE ??= directory;
  await import(main);
} else {
  // Another Node is first on the path: the one that `npm ci` installed beside us takes over.
  const bundled = fileURLToPath(new URL("../node_modules/.bin/node", import.meta.url));
  if (!existsSync(bundled)) {
    console.error(`tributary: needs Node ${wanted} or newer, this is ${process.version}. Install it, or run "npm ci" in the checkout.`);
    process.exit(1);
  }
  const self = fileURLToPath(import.meta.url);
  const child = spawn(bundled, [...process.execArgv, self, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code ?? 1)));
}
