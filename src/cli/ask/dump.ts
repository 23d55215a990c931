/** `tributary dump`: what is served, or what would be with another configuration, as Istio objects. */
import { stringify } from "yaml";
import { loadConfig } from "../../config/load.ts";
import { endWithReader } from "../closed-pipe.ts";
import type { AdminServerAt } from "./admin-client.ts";

export interface DumpOptions extends AdminServerAt {
  /** Absent: the running server is asked. */
  readonly config?: string;
  readonly output: "yaml" | "json";
  /** Seconds. */
  readonly timeout: number;
}

export async function dump(options: DumpOptions): Promise<number> {
  endWithReader();
  return await (options.config === undefined ? dumpServed(options) : dumpConfigured(options.config, options));
}

async function dumpServed({ output, ...server }: DumpOptions): Promise<number> {
  const { servedObjects } = await import("./served-objects.ts");
  const objects: unknown[] = [];
  for await (const object of servedObjects(server)) {
    if (output === "yaml") process.stdout.write(yamlDocument(object));
    else objects.push(object);
  }
  if (output === "json") console.log(list(objects));
  return 0;
}

async function dumpConfigured(file: string, { output, timeout }: DumpOptions): Promise<number> {
  const [{ createLogger }, { configOptions }, { runOnce }, { tellWaiting }] = await Promise.all([
    import("../../log/create-logger.ts"),
    import("../../runtime/config-options.ts"),
    import("../../runtime/one-shot.ts"),
    import("../waiting.ts"),
  ]);
  const { config, secrets } = loadConfig(file, configOptions);
  const log = await createLogger({ ...config.log, level: "warn" }, { secrets });
  const { pipeline, missing } = await runOnce(config, log, { timeoutMs: timeout * 1000, onWaiting: tellWaiting(timeout) });
  const manifests = [...pipeline.manifests()];
  await pipeline.stop();
  if (output === "json") console.log(list(manifests));
  else for (const manifest of manifests) process.stdout.write(yamlDocument(manifest));
  log.flush();
  for (const id of missing)
    console.error(`tributary: registry ${id} gave no complete listing within ${timeout} s; its services are missing`);
  return missing.length > 0 ? 1 : 0;
}

function list(items: readonly unknown[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items }, undefined, 2);
}

function yamlDocument(object: unknown): string {
  return `---\n${stringify(object, { lineWidth: 0 })}`;
}
