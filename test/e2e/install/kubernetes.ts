/** Builds the two programs of a Kubernetes API: kube-apiserver and the etcd behind it, each from a go.mod of ours. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { installFolder, repository } from "./cache.ts";
import { buildGo } from "./go-build.ts";

export interface KubernetesPrograms {
  readonly apiserver: string;
  readonly etcd: string;
}

/** @returns the paths of the programs */
export async function installKubernetes(): Promise<KubernetesPrograms> {
  // One after the other: together they would take all of a small machine's memory.
  const etcd = await install("etcd", "go.etcd.io/etcd/server/v3", "etcd (Go; 1 minute the first time)");
  const apiserver = await install(
    "kube-apiserver",
    "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-apiserver (Go; 4 to 8 minutes the first time)",
  );
  return { apiserver, etcd };
}

async function install(name: string, package_: string, what: string): Promise<string> {
  const module = path.join(repository, "test/e2e/servers", name);
  const goMod = path.join(module, "go.mod");
  const folder = installFolder(name, [goMod, path.join(module, "go.sum")]);
  const binary = path.join(folder, name);
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  await buildGo({ what, module, package: package_, binary, variables: versionOf(readFileSync(goMod, "utf8")) });
  return binary;
}

/** Without its version, an API server takes itself for v0.0.0 and refuses to start. */
function versionOf(goMod: string): Record<string, string> {
  const [, version, major, minor] = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\d+)/.exec(goMod) ?? [];
  if (version === undefined || major === undefined || minor === undefined) return {};
  const version_ = "k8s.io/component-base/version";
  return { [`${version_}.gitVersion`]: version, [`${version_}.gitMajor`]: major, [`${version_}.gitMinor`]: minor };
}
