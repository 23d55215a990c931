import type { Problem } from "../contract.ts";

/** What stands in a text for bytes that are not UTF-8. */
const replacement = "\ufffd";

/**
 * The names of a folder's children without those that are not UTF-8: nobody can ask for these by name. ZooKeeper itself
 * writes such bytes for characters beyond U+FFFF.
 */
export function readableNames(names: string[], folder: string, report: (problem: Problem) => void): string[] {
  if (!names.some((name) => name.includes(replacement))) return names;
  return names.filter((name) => {
    if (!name.includes(replacement)) return true;
    report({ code: "bad-name", where: `${folder}/${name}`, message: "the name is not UTF-8" });
    return false;
  });
}
