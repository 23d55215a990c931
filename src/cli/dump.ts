/** `tributary dump`: what would be served, as Istio objects. */
import { stringify } from "yaml";
import { loadConfig } from "../config/load.ts";
import { createLogger } from "../log/create-logger.ts";
import { configOptions } from "../runtime/config-options.ts";
import { runOnce } from "../runtime/one-shot.ts";
import { endWithReader } from "./closed-pipe.ts";
import { tellWaiting } from "./waiting.ts";

export async function dump(options: { config: string; output: "yaml" | "json"; timeout: number }): Promise<number> {
  endWithReader();
  const { config, secrets } = loadConfig(options.config, configOptions);
  const log = await createLogger({ ...config.log, level: "warn" }, { secrets });
  const { pipeline, missing } = await runOnce(config, log, { timeoutMs: options.timeout * 1000, onWaiting: tellWaiting(options.timeout) });
  const manifests = [...pipeline.manifests()];
  await pipeline.stop();
  if (options.output === "json") {
    console.log(JSON.stringify({ apiVersion: "v1", kind: "List", items: manifests }, undefined, 2));
  } else {
    for (const manifest of manifests) process.stdout.write(`---\n${stringify(manifest, { lineWidth: 0 })}`);
  }
  log.flush();
  for (const id of missing)
    console.error(`tributary: registry ${id} gave no complete listing within ${options.timeout} s; its services are missing`);
  return missing.length > 0 ? 1 : 0;
}
