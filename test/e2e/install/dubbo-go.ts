/** Builds the dubbo-go provider from `servers/dubbo-go-provider`. */
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { installFolder, repository } from "./cache.ts";
import { buildGo } from "./go-build.ts";

/** @returns the path of the program */
export async function installDubboGo(): Promise<string> {
  const module = path.join(repository, "test/e2e/servers/dubbo-go-provider");
  const sources = ["go.mod", "go.sum", "main.go"].map((file) => path.join(module, file));
  const folder = installFolder("dubbo-go-provider", sources);
  const binary = path.join(folder, "dubbo-go-provider");
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  await buildGo({ what: "a dubbo-go provider (Go; 1 to 2 minutes the first time)", module, package: ".", binary });
  return binary;
}
