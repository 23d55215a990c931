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
  const xds = `${listening.xds.address}:${listening.xds.port}`;
  const metrics = `http://${listening.metrics.address}:${listening.metrics.port}`;
  const watch = listening.xds.port === 16010 ? "npx tributary watch" : `npx tributary watch --address ${xds}`;
  const lines = [
    `Tributary ${version} serves ${config.registries.map(({ id, type }) => `${id} (${type})`).join(", ")}`,
    `  xDS       ${xds}   istiod: meshConfig.configSources: [{address: "k8s://"}, {address: "xds://${xds}"}]`,
    `  metrics   ${metrics}/metrics`,
    `  health    ${metrics}/readyz`,
    `  config    ${relative(process.cwd(), file)}${example ? "   (the embedded example; use your own with --config FILE)" : ""}`,
    "",
    "Try next, in another terminal:",
    `  ${watch}`,
  ];
  if (example) lines.push("then edit examples/services.yaml, save, and see the change arrive. Ctrl-C ends.");
  return `${lines.join("\n")}\n`;
}
