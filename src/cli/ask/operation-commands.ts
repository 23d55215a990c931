/** The commands with which operators speak to a running server, one replica at a time. */
import type { Command } from "commander";
import { type AskOptions, addAskOptions } from "./ask-options.ts";

/** @param setting what the configuration says instead */
const reach = (setting: string) => `
In effect on one replica only, and kept over its restart where lastKnownGood.folder is set. For all replicas, say it in the
configuration: ${setting}.`;

const verbs = {
  freeze: {
    description: "let nothing leave: what a registry removes is served on, until unfrozen",
    argument: "[registry]",
    setting: "`freeze: true`, or `frozen: true` of a registry",
    examples: ["tributary freeze", "tributary freeze zk-main"],
  },
  unfreeze: {
    description: "end a freeze; what it kept is honoured, a mass removal is held as any other",
    argument: "[registry]",
    setting: "`freeze: false`, or `frozen: false` of a registry",
    examples: ["tributary unfreeze", "tributary unfreeze zk-main"],
  },
  pause: {
    description: "stop reading a registry; its last state is served until resumed",
    argument: "<registry>",
    setting: "`paused: true` of a registry",
    examples: ["tributary pause zk-main", "tributary pause k8s/cluster-b"],
  },
  resume: {
    description: "read a paused registry again; what it lost is held as after any reconnect",
    argument: "<registry>",
    setting: "`paused: false` of a registry",
    examples: ["tributary resume zk-main"],
  },
} as const;

/** `run`: carries out a command and sets the exit code. */
export function addOperationCommands(program: Command, run: (command: () => Promise<number>) => Promise<void>): void {
  addAskOptions(program.command("release").description("honour what is held of a registry or of a host, now"))
    .argument("<target>", "a registry's id, REGISTRY/CLUSTER, a host, namespace/host, or what a registry calls the service")
    .addHelpText(
      "after",
      `
In effect on one replica only. For all replicas, give the registry another word for \`release\` in the configuration.

Examples:
  tributary release zk-main
  tributary release com.acme.order.api.orderfacade.dubbo`,
    )
    .action(async (target: string, options: AskOptions) => {
      const { release } = await import("./operations.ts");
      await run(() => release(target, options));
    });

  for (const [verb, { description, argument, setting, examples }] of Object.entries(verbs)) {
    addAskOptions(program.command(verb).description(description))
      .argument(argument, "its id, or REGISTRY/CLUSTER")
      .addHelpText("after", `${reach(setting)}\n\nExamples:\n${examples.map((line) => `  ${line}\n`).join("")}`)
      .action(async (registry: string | undefined, options: AskOptions) => {
        const { say } = await import("./operations.ts");
        await run(() => say(verb as keyof typeof verbs, registry, options));
      });
  }
}
