/** Unpacks Prometheus from the distribution's package (Debian and its kin): nothing is installed on the machine. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { installFolder } from "./cache.ts";
import { runPackageClient } from "./package-client.ts";

export interface PrometheusPrograms {
  readonly prometheus: string;
  readonly promtool: string;
}

/** @returns the paths of the programs */
export async function installPrometheus(): Promise<PrometheusPrograms> {
  const folder = installFolder("prometheus", []);
  const programs = path.join(folder, "usr/bin");
  if (!existsSync(programs)) await unpack(folder);
  return { prometheus: path.join(programs, "prometheus"), promtool: path.join(programs, "promtool") };
}

async function unpack(folder: string): Promise<void> {
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  const what = "Prometheus (apt)";
  const download = () => runPackageClient({ what, command: "apt-get", args: ["download", "prometheus"], cwd: unfinished });
  // A fresh machine has no lists of packages yet.
  await download().catch(async () => {
    await runPackageClient({ what, command: "apt-get", args: ["update"], cwd: unfinished });
    await download();
  });
  const file = readdirSync(unfinished).find((name) => name.endsWith(".deb"))!;
  await runPackageClient({ what, command: "dpkg-deb", args: ["--extract", file, "."], cwd: unfinished });
  rmSync(folder, { recursive: true, force: true });
  renameSync(unfinished, folder);
}
