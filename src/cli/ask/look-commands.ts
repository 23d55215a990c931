/** The commands that ask a running server's admin API. */
import type { Command } from "commander";
import { upTo } from "../options.ts";
import { type AskOptions, addAskOptions } from "./ask-options.ts";
import type { DiffOptions } from "./diff.ts";

/** `run`: carries out a command and sets the exit code. */
export function addLookCommands(program: Command, run: (command: () => Promise<number>, failure?: number) => Promise<void>): void {
  addAskOptions(program.command("status").description("how a running server, its registries and what it serves are doing"))
    .addHelpText("after", "\nExamples:\n  tributary status\n  tributary status -o json | jq .registries[].phase")
    .action(async (options: AskOptions) => {
      const { status } = await import("./status.ts");
      await run(() => status(options));
    });

  addAskOptions(program.command("why").description("why a host is served as it is: who gives it, which rules shaped it, who has it"))
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
    .action(async (host: string, options: AskOptions) => {
      const { why } = await import("./why.ts");
      await run(() => why(host, options));
    });

  addAskOptions(
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

  addAskOptions(program.command("clients").description("who is connected to a running server, and what of its state they have"))
    .addHelpText("after", "\nExamples:\n  tributary clients\n  tributary clients -o json | jq '.clients[] | select(.kind == \"istiod\")'")
    .action(async (options: AskOptions) => {
      const { clients } = await import("./clients.ts");
      await run(() => clients(options));
    });
}
