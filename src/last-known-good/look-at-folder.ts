/** Whether a folder could be used, without touching it: another process may be using it. */
import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { socketPathProblem } from "./folder-lock.ts";

/** What is wrong with it; undefined: nothing that can be seen from outside. */
export function lookAtFolder(folder: string): string | undefined {
  const tooLong = socketPathProblem(folder);
  if (tooLong !== undefined) return tooLong;
  try {
    const there = nearestThatExists(folder);
    if (!statSync(there).isDirectory()) return `${there} is no folder`;
    accessSync(there, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The folder itself, or the one in which its missing part would be created. */
function nearestThatExists(path: string): string {
  const parent = dirname(path);
  return parent === path || statSync(path, { throwIfNoEntry: false }) !== undefined ? path : nearestThatExists(parent);
}
