/** Where the end-to-end tests keep what they install and what their servers say: `.cache/e2e`, ignored by git. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../../..", import.meta.url));

const root = path.join(repository, ".cache", "e2e");

/** The folder of one installation, new whenever one of the files that describe it changes. */
export function installFolder(name: string, describedBy: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of describedBy) hash.update(readFileSync(file));
  return path.join(root, `${name}-${hash.digest("hex").slice(0, 12)}`);
}

/** The servers' output; of the suite that `run.ts` runs, or of all that were started by hand. */
export function logFolder(suite = process.env.E2E_SUITE ?? "by-hand"): string {
  return path.join(root, "logs", suite);
}
