/** The first lines a person sees: what is served where, and what to try next. */
import { relative } from "node:path";
import type { Config } from "../config/schema.ts";
import type { Listening } from "../runtime/tributary.ts";
import { version } from "./version.ts";

export interface BannerFacts {
  readonly listening: Listening;
  readonly config: Config;
  readonly file: string;
  /** The embedded example is served. */
  readonly example: boolean;
}

export function banner({ listening, config, file, example }: BannerFacts): string {
  const addresses = listening.xds.ports.map((port) => `${listening.xds.address}:${port}`);
  const xds = addresses[0]!;
  const sources = ["k8s://", ...addresses.map((each) => `xds://${each}`)].map((each) => `{address: "${each}"}`).join(", ");
  const metrics = `http://${listening.metrics.address}:${listening.metrics.port}`;
  const watch = listening.xds.port === 16010 ? "npx tributary watch" : `npx tributary watch --address ${xds}`;
  const status =
    listening.admin.port === 16021
      ? "npx tributary status"
      : `npx tributary status --address ${listening.admin.address}:${listening.admin.port}`;
  const { address, incrementalPort } = listening.xds;
  const incremental =
    incrementalPort === undefined ? [] : [`  xDS       ${address}:${incrementalPort}   increments, for istio-mcp's clients`];
  const lines = [
    `Tributary ${version} serves ${config.registries.map(({ id, type }) => `${id} (${type})`).join(", ")}`,
    `  xDS       ${addresses.join(" ")}   istiod: meshConfig.configSources: [${sources}]`,
    ...incremental,
    `  metrics   ${metrics}/metrics`,
    `  health    ${metrics}/readyz`,
    `  admin     http://${listening.admin.address}:${listening.admin.port}   what the commands status, why, clients, diff and dump ask`,
    `  config    ${relative(process.cwd(), file)}${example ? "   (the embedded example; use your own with --config FILE)" : ""}`,
    "",
    "Try next, in another terminal:",
    `  ${watch}`,
    `  ${status}`,
  ];
  if (example) lines.push("then edit examples/services.yaml, save, and see the change arrive. Ctrl-C ends.");
  return `${lines.join("\n")}\n`;
}
