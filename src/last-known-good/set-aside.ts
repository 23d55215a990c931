/** Files that cannot be used are kept under another name, a few of each, for whoever wants to look. */
import { basename, dirname, join } from "node:path";
import type { Disk } from "./disk.ts";

/** So many of one journal and one reason stay; older ones are removed. */
const mostSetAside = 3;

/** `bad`: damaged or foreign. `orphan`: its registry is not configured. */
export type Reason = "bad" | "orphan";

/** Renames a file to `<name>.<reason>-<time>`; gives the new path. Throws what the disk throws. */
export function setAside(disk: Disk, path: string, reason: Reason, now: Date): string {
  const prefix = `${basename(path)}.${reason}-`;
  const there = new Set(disk.list(dirname(path)));
  let at = now.getTime();
  // Two of one millisecond must not take each other's place.
  while (there.has(prefix + stampOf(at))) at++;
  const target = `${path}.${reason}-${stampOf(at)}`;
  disk.rename(path, target);
  const kept = disk.list(dirname(path)).filter((name) => name.startsWith(prefix));
  for (const name of kept.sort().slice(0, -mostSetAside)) disk.remove(join(dirname(path), name));
  return target;
}

function stampOf(at: number): string {
  return new Date(at).toISOString().replace(/[-:.]/g, "");
}
