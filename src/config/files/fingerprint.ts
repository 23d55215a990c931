import { realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Tells two states of a file apart without reading it: content, replacement and symlink swap all change it. Gone is a state too. */
export function fingerprint(path: string): string {
  try {
    const real = realpathSync(path);
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(real, { bigint: true });
    return [real, dev, ino, size, mtimeNs, ctimeNs].join(" ");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unreadable";
  }
}

/**
 * The folders in which something happens when a file changes: its own (rename-save, and the `..data` link of a
 * mounted ConfigMap), and that of the file a link leads to.
 */
export function foldersOf(path: string): string[] {
  const folders = [dirname(path)];
  try {
    folders.push(dirname(realpathSync(path)));
  } catch {
    // It does not exist now; its folder says when it does.
  }
  return folders;
}
