import path from "node:path";
import { bundle } from "../../../tools/bundle.ts";
import { repository } from "../../e2e/install/cache.ts";

const folder = path.join(repository, ".cache/bench/program");
let bundled: Promise<void> | undefined;

/** The command of the bundle, made anew once per benchmark run. */
export async function bundledProgram(): Promise<string> {
  bundled ??= bundle(folder);
  await bundled;
  return path.join(folder, "tributary.js");
}
