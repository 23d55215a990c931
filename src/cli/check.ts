/**
 * `tributary check`: validates, connects, lists and converts, prints every problem and changes
 * nothing. Errors: a registry that could not be listed, a service that would be withheld.
 * Warnings: single data or endpoints that are skipped.
 */
import type { Clash } from "../catalog/clashes.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { describeError } from "../errors/tributary-error.ts";
import { lookAtFolder } from "../last-known-good/look-at-folder.ts";
import { createLogger } from "../log/create-logger.ts";
import { configOptions } from "../runtime/config-options.ts";
import { runOnce } from "../runtime/one-shot.ts";
import type { Pipeline } from "../runtime/pipeline.ts";
import { endWithReader } from "./closed-pipe.ts";
import { clusterFindings } from "./cluster-findings.ts";
import { commandLineConfig, type DubboKubernetesFlags, onlyCommandLine } from "./dubbo-kubernetes-flags.ts";
import { tellWaiting } from "./waiting.ts";

export interface CheckOptions extends DubboKubernetesFlags {
  readonly config?: string;
  /** Seconds. */
  readonly timeout: number;
  readonly offline: boolean;
}

export async function check(options: CheckOptions): Promise<number> {
  endWithReader();
  const commandLine = commandLineConfig(options);
  const file = options.config ?? onlyCommandLine;
  const { config, secrets, warnings: notes } = loadConfig(file, { ...configOptions, commandLine });
  for (const note of notes) console.log(`${"warning".padEnd(8)} ${describeError(note)}`);
  console.log(`ok       ${file}: ${config.registries.length} registr${config.registries.length === 1 ? "y" : "ies"} configured`);
  if (options.offline) return 0;
  const log = await createLogger({ ...config.log, level: "error" }, { secrets });
  const { pipeline, missing } = await runOnce(config, log, { timeoutMs: options.timeout * 1000, onWaiting: tellWaiting(options.timeout) });
  const findings = [...findingsOf(pipeline, missing), ...clusterFindings(pipeline.clusters), ...folderFindings(config)];
  for (const { severity, where, message } of findings) console.log(`${severity.padEnd(8)} ${where}: ${message}`);
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const warnings = findings.filter(({ severity }) => severity === "warning").length + notes.length;
  const served = pipeline.store.current().table("networking.istio.io/ServiceEntry").size;
  console.log(
    `${count(errors, "error")}, ${count(warnings, "warning")}; ${served} ${served === 1 ? "ServiceEntry" : "ServiceEntries"} would be served`,
  );
  await pipeline.stop();
  log.flush();
  return errors > 0 ? 1 : 0;
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

export interface Finding {
  readonly severity: "ok" | "error" | "warning" | "note";
  readonly where: string;
  readonly message: string;
}

function* findingsOf(pipeline: Pipeline, missing: readonly string[]): Generator<Finding> {
  for (const view of pipeline.catalog.reports()) {
    const { id, services, endpoints, resources, status } = view;
    if (missing.includes(id)) yield { severity: "error", where: id, message: status?.reason ?? "no complete listing in time" };
    else yield { severity: "ok", where: id, message: `${services} services, ${endpoints} endpoints, ${resources} ready resources` };
    for (const { where, message, code, count } of pipeline.supervisor.problems(id).toReversed()) {
      const times = count > 1 ? ` (${count} times)` : "";
      yield { severity: "warning", where: `${id}: ${where}`, message: `${message} [${code}]${times}` };
    }
  }
  for (const { where, message, code } of pipeline.catalog.clashes()) {
    yield { severity: isRefusal(code) ? "error" : "warning", where, message: `${message} [${code}]` };
  }
  const severities = { service: "error", instance: "warning", note: "note" } as const;
  for (const problems of pipeline.publisher.problems().values()) {
    for (const { costs, where, message, code } of problems) yield { severity: severities[costs], where, message: `${message} [${code}]` };
  }
}

/** The folder is looked at only: the server that uses it may be running. */
function* folderFindings({ lastKnownGood: { folder } }: Config): Generator<Finding> {
  const message = folder === undefined ? undefined : lookAtFolder(folder);
  if (message !== undefined) yield { severity: "warning", where: "lastKnownGood.folder", message: `${message} [STATE_UNWRITABLE]` };
}

/** A refused service is not served at all; the other clashes are served, one way or another. */
function isRefusal(code: Clash["code"]): boolean {
  return code.startsWith("host-") && code !== "host-collision";
}
