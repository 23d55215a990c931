#!/usr/bin/env node
// The command as npm links it. Tributary runs on Node 24; where another Node is first on the path,
// the one that `npm ci` installed beside us takes over.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const wanted = 24;

if (Number(process.versions.node.split(".")[0]) >= wanted) {
  await import(main);
} else {
  const bundled = fileURLToPath(new URL("../node_modules/.bin/node", import.meta.url));
  if (!existsSync(bundled)) {
    console.error(`tributary: needs Node ${wanted} or newer, this is ${process.version}. Install it, or run "npm ci" in the checkout.`);
    process.exit(1);
  }
  const child = spawn(bundled, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code ?? 1)));
}
