/**
 * Writes the generated files: `node tools/generate.ts`. With `--check` it writes nothing, names the
 * stale ones and exits with 1.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Page, pages } from "./pages.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** The pages whose file is missing or differs from what would be written. */
export function stalePages(): Page[] {
  return pages.filter(({ path, render }) => {
    try {
      return readFileSync(resolve(root, path), "utf8") !== render();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
      throw error;
    }
  });
}

function main(): void {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  const stale = stalePages();
  for (const { path, render } of stale) {
    if (values.check) {
      console.error(`${path} is stale: run "npm run generate"`);
      process.exitCode = 1;
    } else {
      mkdirSync(dirname(resolve(root, path)), { recursive: true });
      writeFileSync(resolve(root, path), render());
      console.log(`wrote ${path}`);
    }
  }
}

if (import.meta.main) main();
