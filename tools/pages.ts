/** Every generated file: the freshness test and `node tools/generate.ts` know no other list. */
import { configPage } from "./config-page.ts";
import { errorsPage } from "./errors-page.ts";
import { jsonSchemaFile } from "./json-schema-file.ts";
import { manifestPages } from "./manifest-pages.ts";
import { metricsPage } from "./metrics-page.ts";

export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  /** The whole file; the same on every machine and at every time. */
  readonly render: () => string;
}

export const pages: readonly Page[] = [
  { path: "schema/tributary.schema.json", render: jsonSchemaFile },
  { path: "docs/config.md", render: configPage },
  { path: "docs/errors.md", render: errorsPage },
  { path: "docs/metrics.md", render: metricsPage },
  ...manifestPages,
];
