/** Builds a program with Go, as a whole or not at all. */
import { renameSync } from "node:fs";
import { runPackageClient } from "./package-client.ts";

export interface GoBuild {
  /** For people: `istiod (Go; minutes when cold)`. */
  readonly what: string;
  /** Folder of its go.mod. */
  readonly module: string;
  readonly package: string;
  /** Path of the result. */
  readonly binary: string;
  /** Whether go.mod may change; default `readonly`. */
  readonly mode?: "readonly" | "mod";
  /** Text variables of the program's packages that the linker sets: `path/of/package.variable` → value. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** @throws MissingTool, RefusedPackage, FailedInstall */
export async function buildGo({ what, module, package: name, binary, mode = "readonly", variables = {} }: GoBuild): Promise<void> {
  const unfinished = `${binary}.${process.pid}`;
  const linkerFlags = ["-s", "-w", ...Object.entries(variables).map(([variable, value]) => `-X ${variable}=${value}`)].join(" ");
  const args = ["build", `-mod=${mode}`, "-p", "2", "-trimpath", "-ldflags", linkerFlags, "-o", unfinished, name];
  await runPackageClient({ what, command: "go", args, cwd: module });
  renameSync(unfinished, binary);
}
