/** A folder for one test, removed at its end. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export interface TempFolder {
  readonly path: string;
  /** Writes a file and returns its path. */
  write(name: string, text: string): string;
}

export function tempFolder(t: TestContext): TempFolder {
  const path = mkdtempSync(join(tmpdir(), "tributary-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    write(name, text) {
      const file = join(path, name);
      writeFileSync(file, text);
      return file;
    },
  };
}
