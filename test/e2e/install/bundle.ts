/** The program as images run it, made anew once per process. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { bundle } from "../../../tools/bundle.ts";

let bundled: Promise<string> | undefined;

/** @returns the path of its launcher */
export function bundledProgram(): Promise<string> {
  bundled ??= make();
  return bundled;
}

async function make(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), "tributary-bundle-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  await bundle(folder);
  return path.join(folder, "tributary.js");
}
