/**
 * Builds istiod from `servers/istiod/go.mod`. The version there is pinned; where the module
 * registry no longer serves it, the latest one is tried.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { installFolder, repository } from "./cache.ts";
import { buildGo } from "./go-build.ts";
import { runPackageClient, say } from "./package-client.ts";
import { RefusedPackage } from "./problems.ts";

const package_ = "istio.io/istio/pilot/cmd/pilot-discovery";
const module = path.join(repository, "test/e2e/servers/istiod");

/** The release that is pinned, such as `1.31`; istiod's own module has a commit for a version. */
export function istioRelease(): string {
  return /istio\.io\/api v(\d+\.\d+)/.exec(readFileSync(path.join(module, "go.mod"), "utf8"))?.[1] ?? "unknown";
}

/** @returns the path of `pilot-discovery` */
export async function installIstiod(): Promise<string> {
  const folder = installFolder("istiod", [path.join(module, "go.mod"), path.join(module, "go.sum")]);
  const binary = path.join(folder, "pilot-discovery");
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  try {
    await build("readonly", binary);
  } catch (error) {
    if (!(error instanceof RefusedPackage)) throw error;
    say(`${error.message}; trying the latest version`);
    await buildLatest(path.join(folder, "latest"), binary);
  }
  return binary;
}

async function buildLatest(folder: string, binary: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const file of ["go.mod", "go.sum"]) copyFileSync(path.join(module, file), path.join(folder, file));
  const what = "the latest istio.io/istio (Go)";
  // As long as the refused version is required, Go asks for it.
  await runPackageClient({ what, command: "go", args: ["mod", "edit", "-droprequire=istio.io/istio"], cwd: folder });
  await runPackageClient({ what, command: "go", args: ["get", `${package_}@latest`], cwd: folder });
  await build("mod", binary, folder);
}

function build(mode: "readonly" | "mod", binary: string, from = module): Promise<void> {
  return buildGo({ what: "istiod (Go; 5 to 10 minutes the first time)", module: from, package: package_, binary, mode });
}
