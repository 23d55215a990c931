/** `manifests/`: what `tributary manifest` prints, for the default settings. */
import { readFileSync } from "node:fs";
import { dashboard } from "../src/manifests/dashboard.ts";
import { chartTemplate, manifests, manifestText } from "../src/manifests/manifests.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

const defaultSettings = { namespace: "istio-system", revision: "", shards: 1, image: `tributary:${version}` };

export const manifestPages = [
  ...manifests.map((manifest) => ({ path: `manifests/${manifest.file}`, render: () => manifestText(manifest, defaultSettings) })),
  { path: "manifests/helm/tributary/templates/standalone.yaml", render: chartTemplate },
  { path: "manifests/prometheus/dashboard.json", render: dashboard },
];
