/** The commands that ask a running server's admin API. */
import type { Command } from "commander";
import type { AdminServerAt } from "./admin-client.ts";
import { withTlsOptions } from "./client-tls.ts";
import type { DiffOptions } from "./diff.ts";
import { addressLike, oneOf, upTo } from "./options.ts";
import type { OutputFormat } from "./output.ts";

/** Where the admin API listens unless it is configured otherwise. */
const adminAddress = "127.0.0.1:16021";
const answerFormat = oneOf("text", "json", "yaml");

interface LookOptions extends AdminServerAt {
  readonly output: OutputFormat;
}

/** The options that say where the admin API is. */
export function addServerOptions(command: Command): Command {
  const address = command.option("-a, --address <host:port>", "admin address of the server", addressLike(adminAddress), adminAddress);
  return withTlsOptions(address, "admin.tls");
}

/** `run`: carries out a command and sets the exit code. */
export function addLookCommands(program: Command, run: (command: () => Promise<number>, failure?: number) => Promise<void>): void {
  const look = (command: Command) => addServerOptions(command).option("-o, --output <format>", "text, json or yaml", answerFormat, "text");

  look(program.command("status").description("how a running server, its registries and what it serves are doing"))
    .addHelpText("after", "\nExamples:\n  tributary status\n  tributary status -o json | jq .registries[].phase")
    .action(async (options: LookOptions) => {
      const { status } = await import("./status.ts");
      await run(() => status(options));
    });

  look(program.command("why").description("why a host is served as it is: who gives it, which rules shaped it, who has it"))
    .argument("<host>", "a host, namespace/host, or what a registry calls the service")
    .addHelpText(
      "after",
      `
Exits 0 when one host is explained, 1 when it is unknown or several are meant.

Examples:
  tributary why com.acme.order.api.orderfacade.dubbo
  tributary why com.acme.order.api.OrderFacade        the registry's own name
  tributary why blue/com.acme.order.api.OrderFacade:1.2.0
  tributary why tributary/shop.file -o yaml`,
    )
    .action(async (host: string, options: LookOptions) => {
      const { why } = await import("./why.ts");
      await run(() => why(host, options));
    });

  look(
    program.command("diff").description("what another configuration would change in a running server: hosts, addresses, ports, endpoints"),
  )
    .requiredOption("-c, --config <file>", "the other configuration; its references (${env:…}, ${file:…}) are not resolved")
    .option("--limit <count>", "changed objects to list", upTo(2_000), 500)
    .addHelpText(
      "after",
      `
Exits 0 without differences, 1 with differences, 2 with trouble. Nothing is applied.

Examples:
  tributary diff --config new.yaml
  tributary diff --config new.yaml -o json | jq '.objects[] | select(.change == "lost")'`,
    )
    .action(async (options: DiffOptions) => {
      const { diff } = await import("./diff.ts");
      await run(() => diff(options), 2);
    });

  look(program.command("clients").description("who is connected to a running server, and what of its state they have"))
    .addHelpText("after", "\nExamples:\n  tributary clients\n  tributary clients -o json | jq '.clients[] | select(.kind == \"istiod\")'")
    .action(async (options: LookOptions) => {
      const { clients } = await import("./clients.ts");
      await run(() => clients(options));
    });
}
