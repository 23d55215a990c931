import { Command } from "commander";
import { describeError } from "../errors/tributary-error.ts";
import type { ManifestSettings } from "../manifests/settings.ts";
import { addServerOptions } from "./ask/ask-options.ts";
import { addChangeCommands } from "./ask/change-commands.ts";
import { withTlsOptions } from "./ask/client-tls.ts";
import type { DumpOptions } from "./ask/dump.ts";
import { addLookCommands } from "./ask/look-commands.ts";
import { addOperationCommands } from "./ask/operation-commands.ts";
import type { WatchCommand } from "./ask/watch.ts";
import type { CheckOptions } from "./check.ts";
import { addDubboKubernetesFlags, commandLineConfig, type DubboKubernetesFlags } from "./dubbo-kubernetes-flags.ts";
import { addressLike, oneOf, seconds, upTo } from "./options.ts";
import { addRegisterCommand } from "./register-command.ts";
import { version } from "./version.ts";

const xdsAddress = "127.0.0.1:16010";

/** Builds the command line; commands load their code only when they run. */
export function buildProgram(): Command {
  const program = new Command("tributary")
    .description("Feeds service registries that Istio cannot read to istiod, as xDS.")
    .version(version)
    .showSuggestionAfterError(true)
    .showHelpAfterError("(see --help)")
    .addHelpText(
      "after",
      `
Examples:
  tributary serve                                   the embedded example: edit examples/services.yaml and watch
  tributary serve --config tributary.yaml           the main job, beside istiod
  tributary check --config tributary.yaml           validate, connect, list, convert; change nothing
  tributary dump --config tributary.yaml            what would be served, as Istio YAML
  tributary status                                  how a running server is doing
  tributary why HOST                                why a host is served as it is
  tributary diff --config new.yaml                  what another configuration would change
  tributary registries add new.yaml                 add registries to a running server
  tributary watch                                   follow the changes of a running server`,
    );

  addDubboKubernetesFlags(program.command("serve"))
    .description("watch the registries and serve them to istiod")
    .option("-c, --config <file>", "configuration file; without it, the embedded example is served")
    .addHelpText(
      "after",
      `
Examples:
  tributary serve --config /etc/tributary/tributary.yaml
  tributary serve                                   try it: the example needs no registry`,
    )
    .action(async (options: DubboKubernetesFlags & { config?: string }) => {
      await prepareWorker();
      const { serve } = await import("./serve.ts");
      await run(() => serve(options));
    });

  addDubboKubernetesFlags(program.command("check"))
    .description("validate a configuration, connect, list and convert; print every problem; change nothing")
    .option("-c, --config <file>", "configuration file")
    .option("--timeout <seconds>", "how long registries may take for their first listing", seconds, 30)
    .option("--offline", "validate the file only, connect to nothing", false)
    .addHelpText(
      "after",
      "\nExits 0 without errors, 1 with errors, 2 on wrong usage.\n\nExample:\n  tributary check --config tributary.yaml",
    )
    .action(async (options: CheckOptions, command: Command) => {
      if (options.config === undefined && commandLineConfig(options) === undefined) {
        command.error("error: required option '-c, --config <file>' not specified");
      }
      const { check } = await import("./check.ts");
      await run(() => check(options));
    });

  addServerOptions(program.command("dump"))
    .description("print what a running server serves, or what another configuration would, as Istio objects")
    .option("-c, --config <file>", "configuration file; without it, the running server is asked")
    .option("-o, --output <format>", "yaml or json", oneOf("yaml", "json"), "yaml")
    .option("--timeout <seconds>", "how long registries may take for their first listing", seconds, 30)
    .addHelpText(
      "after",
      "\nExamples:\n  tributary dump\n  tributary dump --config tributary.yaml\n  tributary dump --config tributary.yaml -o json | jq .items[].spec.hosts",
    )
    .action(async (options: DumpOptions) => {
      const { dump } = await import("./ask/dump.ts");
      await run(() => dump(options));
    });

  const followed = program.command("watch").description("follow a running server and print changes as they come");
  withTlsOptions(followed.option("-a, --address <host:port>", "xDS address of the server", addressLike(xdsAddress), xdsAddress), "xds.tls")
    .option("-o, --output <format>", "text or json (one object a line)", oneOf("text", "json"), "text")
    .option("--sotw", "ask for full state in every answer, as istiod does, instead of delta xDS", false)
    .addHelpText("after", "\nExamples:\n  tributary watch\n  tributary watch --address 127.0.0.1:16010 -o json")
    .action(async (options: WatchCommand) => {
      const { watch } = await import("./ask/watch.ts");
      await run(() => watch(options));
    });

  program
    .command("manifest")
    .description("print what is installed beside istiod, for istioctl, Helm, kubectl and Prometheus")
    .argument("[name]", "which; without it, the list of them")
    .option("-n, --namespace <name>", "namespace of istiod", "istio-system")
    .option("-r, --revision <name>", "revision of istiod", "")
    .option("-s, --shards <number>", "xds.shards of the configuration", upTo(10), 1)
    .option("-i, --image <name>", "our image", `tributary:${version}`)
    .addHelpText(
      "after",
      "\nExamples:\n  tributary manifest istioctl --revision canary > tributary.yaml && istioctl install -f tributary.yaml",
    )
    .action(async (name: string | undefined, settings: ManifestSettings) => {
      const { manifest } = await import("./manifest.ts");
      await run(() => manifest(name, settings));
    });

  addLookCommands(program, run);
  addChangeCommands(program, run);
  addOperationCommands(program, run);
  addRegisterCommand(program, run);

  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
    command.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  return program;
}

/** Before anything is loaded that a worker does not wait for. */
async function prepareWorker(): Promise<void> {
  const [{ prepareThread }, { defaultSupervisorOptions }] = await Promise.all([
    import("../registries/supervision/thread-host.ts"),
    import("../registries/supervision/supervisor-options.ts"),
  ]);
  prepareThread(defaultSupervisorOptions.heap);
}

/** A command returns its exit code; an error is told in one line, with its cause's position and hint, and ends with `failure`. */
async function run(command: () => Promise<number>, failure = 1): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    for (const line of describeError(error).split("\n")) console.error(`tributary: ${line}`);
    process.exitCode = failure;
  }
}
