/** An excerpt of a configuration that a command is given: a file, or standard input. */
import { readBoundedFile } from "../config/bounded-file.ts";
import { maxConfigBytes } from "../config/load.ts";
import { TributaryError } from "../errors/tributary-error.ts";

/** @param file `-`: standard input. @throws TributaryError CONFIG_UNREADABLE */
export function readExcerptFile(file: string): { readonly config: string; readonly fileName: string } {
  const path = file === "-" ? "/dev/stdin" : file;
  try {
    return { config: readBoundedFile(path, maxConfigBytes), fileName: file === "-" ? "standard input" : file };
  } catch (cause) {
    throw new TributaryError("CONFIG_UNREADABLE", `cannot be read: ${(cause as Error).message}`, { position: { file }, cause });
  }
}
