/**
 * Runs a module's `run()` in a process of its own, so that neither its garbage nor its warm code is
 * another benchmark's. Loaded there, this same file is the other end.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Figure } from "../figure.ts";

/** @param module exports `run(): Promise<Figure[]>`; may call `gc()` */
export async function runInOwnProcess(module: URL): Promise<Figure[]> {
  const child = fork(fileURLToPath(import.meta.url), [module.href], {
    execArgv: ["--expose-gc"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let figures: Figure[] | undefined;
  child.on("message", (message: Figure[]) => {
    figures = message;
  });
  const [code] = await once(child, "exit");
  if (figures === undefined) throw new Error(`it ended with ${code} and without figures`);
  return figures;
}

if (import.meta.main) {
  // Whoever started it is gone.
  process.once("disconnect", () => process.exit());
  const { run } = (await import(process.argv[2]!)) as { run(): Promise<Figure[]> };
  process.send!(await run(), () => process.exit());
}
