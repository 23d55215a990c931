/** Builds istioctl from `servers/istiod/go.mod`: the same release as istiod, with its charts inside. */
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { installFolder, repository } from "./cache.ts";
import { buildGo } from "./go-build.ts";

const module = path.join(repository, "test/e2e/servers/istiod");

/** @returns the path of `istioctl` */
export async function installIstioctl(): Promise<string> {
  const folder = installFolder("istioctl", [path.join(module, "go.mod"), path.join(module, "go.sum")]);
  const binary = path.join(folder, "istioctl");
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const what = "istioctl (Go; 5 to 10 minutes the first time)";
  await buildGo({ what, module, package: "istio.io/istio/istioctl/cmd/istioctl", binary });
  return binary;
}
