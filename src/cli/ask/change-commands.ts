/** The commands that change a running server, on this replica only. */
import type { Command } from "commander";
import { type AskOptions, addAskOptions } from "./ask-options.ts";

const reach = `
Additions are in effect on one replica only, and survive its restart where lastKnownGood.folder is set. What the
configuration file names is changed there.`;

/** `run`: carries out a command and sets the exit code. */
export function addChangeCommands(program: Command, run: (command: () => Promise<number>) => Promise<void>): void {
  const registries = program
    .command("registries")
    .description("list, add, change and remove registries of a running server")
    .addHelpText(
      "after",
      `${reach}

Examples:
  tributary registries list
  tributary registries add new.yaml          registries: [{ id: orders, type: zookeeper, servers: zk:2181 }]
  tributary registries get orders > orders.yaml && vi orders.yaml && tributary registries set orders.yaml
  tributary registries remove orders`,
    );
  const clusters = program
    .command("clusters")
    .description("list, add, change and remove Kubernetes clusters of a running server")
    .addHelpText(
      "after",
      `${reach}

Examples:
  tributary clusters list
  tributary clusters add b.yaml --kubeconfig b.kubeconfig      clusters: { list: [{ id: b, network: net-b }] }
  tributary clusters default b
  tributary clusters remove b`,
    );
  for (const [group, noun] of [
    [registries, "registry"],
    [clusters, "cluster"],
  ] as const) {
    const load = async () => (noun === "registry" ? import("./registries.ts") : import("./clusters.ts"));
    addAskOptions(group.command("list").description("all of them, and whose they are")).action(async (options: AskOptions) => {
      const { list } = await load();
      await run(() => list(options));
    });
    addAskOptions(group.command("get").description(`one ${noun}; of one that was added, what it was given as`).argument("<id>")).action(
      async (id: string, options: AskOptions) => {
        const { get } = await load();
        await run(() => get(id, options));
      },
    );
    for (const [word, onlyNew, description] of [
      ["add", true, "add what an excerpt of a configuration names"],
      ["set", false, "the same, and change what was added before"],
    ] as const) {
      const command = addAskOptions(group.command(word).description(description).argument("<file>"));
      if (noun === "cluster")
        command.option("--kubeconfig <file>", "its content is sent; for the one cluster of the excerpt that names no file of the server");
      command.action(async (file: string, options: AskOptions & { kubeconfig?: string }) => {
        const { set } = await load();
        await run(() => set(file, { ...options, onlyNew }));
      });
    }
    addAskOptions(group.command("remove").description("remove one that was added, and what came from it, at once").argument("<id>")).action(
      async (id: string, options: AskOptions) => {
        const { remove } = await load();
        await run(() => remove(id, options));
      },
    );
  }
  addAskOptions(
    clusters
      .command("default")
      .description("the cluster in which remote secrets are read; without an id, as the configuration has it")
      .argument("[id]"),
  ).action(async (id: string | undefined, options: AskOptions) => {
    const { setDefault } = await import("./clusters.ts");
    await run(() => setDefault(id, options));
  });
}
