import { Command, InvalidArgumentError } from "commander";
import { describeError } from "../errors/tributary-error.ts";
import { version } from "./version.ts";

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
  tributary watch                                   follow the changes of a running server`,
    );

  program
    .command("serve")
    .description("watch the registries and serve them to istiod")
    .option("-c, --config <file>", "configuration file; without it, the embedded example is served")
    .addHelpText(
      "after",
      `
Examples:
  tributary serve --config /etc/tributary/tributary.yaml
  tributary serve                                   try it: the example needs no registry`,
    )
    .action(async (options: { config?: string }) => {
      const { serve } = await import("./serve.ts");
      await run(() => serve(options));
    });

  program
    .command("check")
    .description("validate a configuration, connect, list and convert; print every problem; change nothing")
    .requiredOption("-c, --config <file>", "configuration file")
    .option("--timeout <seconds>", "how long registries may take for their first listing", seconds, 30)
    .option("--offline", "validate the file only, connect to nothing", false)
    .addHelpText(
      "after",
      "\nExits 0 without errors, 1 with errors, 2 on wrong usage.\n\nExample:\n  tributary check --config tributary.yaml",
    )
    .action(async (options: { config: string; timeout: number; offline: boolean }) => {
      const { check } = await import("./check.ts");
      await run(() => check(options));
    });

  program
    .command("dump")
    .description("print what would be served, as Istio objects")
    .requiredOption("-c, --config <file>", "configuration file")
    .option("-o, --output <format>", "yaml or json", format, "yaml")
    .option("--timeout <seconds>", "how long registries may take for their first listing", seconds, 30)
    .addHelpText(
      "after",
      "\nExamples:\n  tributary dump --config tributary.yaml\n  tributary dump --config tributary.yaml -o json | jq .items[].spec.hosts",
    )
    .action(async (options: { config: string; output: "yaml" | "json"; timeout: number }) => {
      const { dump } = await import("./dump.ts");
      await run(() => dump(options));
    });

  program
    .command("watch")
    .description("follow a running server and print changes as they come")
    .option("-a, --address <host:port>", "xDS address of the server", address, "127.0.0.1:16010")
    .option("-o, --output <format>", "text or json (one object a line)", lineFormat, "text")
    .addHelpText("after", "\nExamples:\n  tributary watch\n  tributary watch --address 127.0.0.1:16010 -o json")
    .action(async (options: { address: string; output: "text" | "json" }) => {
      const { watch } = await import("./watch.ts");
      await run(() => watch(options));
    });

  for (const command of [program, ...program.commands]) command.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  return program;
}

/** A command returns its exit code; an error is told in one line, with its cause's position and hint. */
async function run(command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    for (const line of describeError(error).split("\n")) console.error(`tributary: ${line}`);
    process.exitCode = 1;
  }
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("expected a number of seconds greater than 0.");
  return value;
}

function address(text: string): string {
  const [, port] = /^(?:[^\s:[\]]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/.exec(text) ?? [];
  if (!port || Number(port) < 1 || Number(port) > 65535) throw new InvalidArgumentError("expected host:port, such as 127.0.0.1:16010.");
  return text;
}

function oneOf<T extends string>(...allowed: T[]) {
  return (text: string): T => {
    if (!allowed.includes(text as T)) throw new InvalidArgumentError(`expected one of: ${allowed.join(", ")}.`);
    return text as T;
  };
}

const format = oneOf("yaml", "json");
const lineFormat = oneOf("text", "json");
