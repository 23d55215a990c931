/** Files that cannot be used are kept under another name, a few of each, for whoever wants to look. */
import { basename, dirname, join } from "node:path";
import type { Disk } from "./disk.ts";

/** So many of one journal and one reason stay; older ones are removed. */
const mostSetAside = 3;

/** `bad`: damaged or foreign. `orphan`: its registry is not configured. */
export type Reason = "bad" | "orphan";

/** Renames a file to `<name>.<reason>-<time>`; gives the new path. Throws what the disk throws. */
export function setAside(disk: Disk, path: string, reason: Reason, now: Date): string {
  const stamp = now.toISOString().replace(/[-:.]/g, "");
  const target = `${path}.${reason}-${stamp}`;
  disk.rename(path, target);
  const prefix = `${basename(path)}.${reason}-`;
  const kept = disk.list(dirname(path)).filter((name) => name.startsWith(prefix));
  for (const name of kept.sort().slice(0, -mostSetAside)) disk.remove(join(dirname(path), name));
  return target;
}
