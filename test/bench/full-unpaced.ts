/** Full state without pacing: what sending everything as often as the client can take it costs. */
import { type Bench, named, type Target } from "./figure.ts";
import { sustain } from "./load/sustained-load.ts";
import { withDubbo, withServer } from "./load/with-dubbo.ts";

export interface FullUnpacedOptions {
  readonly name: string;
  readonly interfaces: number;
  /** By name of the figure without the bench's. */
  readonly targets: Readonly<Record<string, Target>>;
}

export function fullUnpaced({ name, interfaces, targets }: FullUnpacedOptions): Bench {
  const xds = { pacing: { perMegabyte: "0ms" } };
  return named(name, targets, ({ say }) =>
    withDubbo(interfaces, say, ({ tree, registries }) =>
      withServer({ registries, xds, probe: true }, (server, client) => sustain(tree, server, client, say)),
    ),
  );
}
