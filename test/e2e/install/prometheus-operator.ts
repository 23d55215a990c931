/** Fetches the Prometheus operator's module for the definitions of its resources; nothing is built. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { repository } from "./cache.ts";
import { runPackageClient } from "./package-client.ts";

const module = "github.com/prometheus-operator/prometheus-operator";
const cwd = path.join(repository, "test/e2e/servers/prometheus-operator");

/** @param plural such as `podmonitors` */
export async function prometheusDefinition(plural: string): Promise<object> {
  const what = "the Prometheus operator's module (Go; seconds)";
  await runPackageClient({ what, command: "go", args: ["mod", "download", module], cwd });
  const folder = (await runPackageClient({ what, command: "go", args: ["list", "-m", "-f", "{{.Dir}}", module], cwd })).trim();
  return parse(readFileSync(path.join(folder, "example/prometheus-operator-crd", `monitoring.coreos.com_${plural}.yaml`), "utf8"));
}
