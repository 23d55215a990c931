/** `tributary serve`: the main job. */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigWatcher } from "../config/files/watcher.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { describeError } from "../errors/tributary-error.ts";
import { createLogger } from "../log/create-logger.ts";
import type { Logger } from "../log/logger.ts";
import { configOptions } from "../runtime/config-options.ts";
import { openLastKnownGood } from "../runtime/open-last-known-good.ts";
import { openLiveConfig } from "../runtime/open-live-config.ts";
import { startRegistries } from "../runtime/started-registries.ts";
import { banner } from "./banner.ts";
import { commandLineConfig, type DubboKubernetesFlags, onlyCommandLine } from "./dubbo-kubernetes-flags.ts";
import { version } from "./version.ts";

/** Served when no configuration is named. */
const embeddedExample = fileURLToPath(new URL("../../examples/tributary.yaml", import.meta.url));

export async function serve(options: DubboKubernetesFlags & { readonly config?: string }): Promise<number> {
  const commandLine = commandLineConfig(options);
  const isExample = options.config === undefined && commandLine === undefined;
  const file = options.config ?? (isExample ? embeddedExample : onlyCommandLine);
  const load = { ...configOptions, commandLine };
  const loaded = loadConfig(file, load);
  const log = await createLogger(loaded.config.log, { secrets: loaded.secrets });
  process.once("uncaughtException", (error) => {
    log.error({ err: error }, "internal error; ending, istiod keeps what it has");
    log.flush();
    process.exit(1);
  });
  const live = await openLiveConfig(loaded, load, log);
  log.configure(live.loaded.config.log, live.loaded.secrets);
  const started = startRegistries(live.loaded.config, log, await openLastKnownGood(live.loaded.config, log, version));
  // Everything else is loaded while the workers connect and list.
  const { Tributary } = await import("../runtime/tributary.ts");
  const tributary = new Tributary(live, { started, log, version });
  live.follow((diff, next) => {
    log.configure(next.config.log, next.secrets);
    tributary.reload(diff, next.config);
    const { added, removed, changed } = diff.registries;
    log.info(
      { added: added.map(({ id }) => id), removed, changed: changed.map(({ id }) => id), sections: diff.sections },
      "configuration reloaded",
    );
  });
  const ended = endOf(process);
  const listening = await tributary.listen().catch(async (error) => {
    await tributary.stop();
    throw error;
  });
  tellWarnings(loaded, log);
  const watcher = new ConfigWatcher(loaded, {
    ...load,
    onChange(_diff, next) {
      live.fileChanged(next);
      tellWarnings(next, log);
    },
    onRejected: (errors) => log.error({ errors: errors.message.split("\n") }, "configuration not taken over; the running one stays"),
    onRecovered: () => log.info({}, "configuration is again the running one"),
  });
  log.info({ version, config: relative(process.cwd(), file), ...listening }, "serving");
  if (started.kept === undefined && !isExample) {
    log.info({}, "no state is kept: a restart serves what registries list by then; to keep it, set lastKnownGood.folder");
  }
  if (process.stdout.isTTY || isExample) {
    console.log(banner({ listening, config: loaded.config, file, example: isExample }));
  }
  const signal = await ended;
  log.info({ signal }, "stopping; istiod keeps what it has");
  watcher.close();
  await tributary.stop();
  log.flush();
  return 0;
}

function tellWarnings({ warnings }: LoadedConfig, log: Logger): void {
  for (const warning of warnings) log.warn({}, describeError(warning));
}

/** A terminal signals every process of a command, and launchers (npm, our own) pass on what they got: the echo, in ms. */
const echo = 500;

/** Resolves with the first signal; a second one, when it is no echo of the first, ends the process at once. */
function endOf(target: NodeJS.Process): Promise<string> {
  return new Promise((resolve) => {
    let first: number | undefined;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      target.on(signal, () => {
        first ??= performance.now();
        if (performance.now() - first > echo) target.exit(130);
        resolve(signal);
      });
    }
  });
}
