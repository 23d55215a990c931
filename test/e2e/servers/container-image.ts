/** What an image made from our Dockerfile would run, as far as it can be run without one. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { bundledProgram } from "../install/bundle.ts";
import { repository } from "../install/cache.ts";

/** The entry point, with this machine's Node and a bundle made now in place of those of the image. */
export async function entryPoint(): Promise<string[]> {
  const dockerfile = readFileSync(path.join(repository, "Dockerfile"), "utf8");
  const words = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1] ?? "[]") as string[];
  const launcher = await bundledProgram();
  return words.map((word) => (word === "node" ? process.execPath : word === "/opt/tributary/tributary.js" ? launcher : word));
}
